"""Conversations with backends, recorded once and replayed: a readable file for each test, without credentials."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import httpx

from graphfold.graph.runtime import Transports, network
from graphfold.testing.name_redaction import NameRedactor
from graphfold.testing.recorded_exchange import (
    Json,
    RecordedExchange,
    matches,
    recorded_reply,
    recorded_request,
    redacted,
    request_text,
)
from graphfold.testing.secret_redaction import SecretRedactor, discretion_of

__all__ = ["Cassette"]


class Cassette:
    """`graph.running(transports=Cassette(file))` replays what `Cassette(file, record=True)` has recorded.

    A recorded reply is given once to the request it belongs to: same backend, method, target and body. A request that
    is not on the cassette is answered with status 501 and fails the test when the graph closes, with the recorded
    request that comes nearest.
    Credentials, cookies and most headers never get into the file: neither what the graph's adapters sign in with,
    wherever it stands, nor what has a telling name. `names`: further fields, parameters and XML elements to hide;
    `headers`: further ones to keep; `secrets`: texts to hide wherever they stand.
    `transports` is what a recording goes through: the network, unless a test says otherwise.
    """

    def __init__(
        self,
        file: Path,
        *,
        record: bool = False,
        names: Iterable[str] = (),
        headers: Iterable[str] = (),
        secrets: Iterable[str] = (),
        transports: Transports = network,
    ) -> None:
        self.file, self._record, self._transports = file, record, transports
        self._names, self._headers, self._known = tuple(names), tuple(headers), SecretRedactor(secrets)
        self.exchanges = [] if record else [RecordedExchange(**told) for told in _read(file)]
        self._left = list(self.exchanges)
        self._misses: list[str] = []

    def __call__(self, backend: str) -> httpx.AsyncBaseTransport:
        return _Recording(self, backend, self._transports(backend)) if self._record else _Replaying(self, backend)

    def replay(self, backend: str, request: httpx.Request) -> httpx.Response:
        """The recorded reply; 501 where there is none."""
        self._known.learn(request)
        told = recorded_request(request, self._scrubber(request))
        hidden = redacted(told, self._known)
        here = (one for one in self._left if one.backend == backend)
        found = next((one for one in here if matches(one.request, told) or matches(one.request, hidden)), None)
        if found is None:
            self._misses.append(self._miss(backend, hidden))
            return httpx.Response(501)
        self._left.remove(found)
        return found.response

    def keep(self, backend: str, request: httpx.Request, response: httpx.Response) -> None:
        """Record one exchange."""
        self._known.learn(request)
        scrub = self._scrubber(request)
        self.exchanges.append(
            RecordedExchange(backend, recorded_request(request, scrub), recorded_reply(response, scrub))
        )

    def close(self) -> None:
        """Write the file, or say what was not on it."""
        if self._record:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            told = json.dumps([asdict(self._written(one)) for one in self.exchanges], indent=2, ensure_ascii=False)
            self.file.write_text(told + "\n", encoding="utf-8")
        misses, self._misses = self._misses, []
        if misses:
            raise AssertionError("\n".join(misses))

    def _scrubber(self, request: httpx.Request) -> NameRedactor:
        return NameRedactor(self._names, self._headers, discretion_of(request).places)

    def _written(self, one: RecordedExchange) -> RecordedExchange:
        """Without what became known later, too: a token is issued before it is used."""
        return RecordedExchange(one.backend, redacted(one.request, self._known), redacted(one.reply, self._known))

    def _miss(self, backend: str, told: Json) -> str:
        again = f"To record it anew: Cassette({self.file.name!r}, record=True)."
        here = [one for one in self.exchanges if one.backend == backend]
        if any(matches(one.request, told) for one in here):
            return f"{self.file}: {backend} was asked once more than recorded: {_line(told)}. {again}"
        wanted = request_text(told)
        near = max((request_text(one.request) for one in here), key=lambda text: _likeness(text, wanted), default="")
        if not near:
            return f"{self.file}: {backend} was asked {_line(told)}, and nothing of it was recorded. {again}"
        lines = difflib.unified_diff(near.split("\n"), wanted.split("\n"), "recorded", "asked", lineterm="", n=1)
        return f"{self.file}: {backend} was asked {_line(told)}. The nearest on record:\n" + "\n".join([*lines, again])


class _Replaying(httpx.AsyncBaseTransport):
    def __init__(self, cassette: Cassette, backend: str) -> None:
        self._cassette, self._backend = cassette, backend

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        return self._cassette.replay(self._backend, request)

    async def aclose(self) -> None:
        self._cassette.close()


class _Recording(httpx.AsyncBaseTransport):
    def __init__(self, cassette: Cassette, backend: str, real: httpx.AsyncBaseTransport) -> None:
        self._cassette, self._backend, self._real = cassette, backend, real

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        response = await self._real.handle_async_request(request)
        await response.aread()
        self._cassette.keep(self._backend, request, response)
        return httpx.Response(response.status_code, headers=_plain(response.headers), content=response.content)

    async def aclose(self) -> None:
        await self._real.aclose()
        self._cassette.close()


def _read(file: Path) -> list[Json]:
    try:
        told: list[Json] = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FileNotFoundError(f"{file} is not there. Record it: Cassette({file.name!r}, record=True).") from None
    return told


def _line(told: Json) -> str:
    return f"{told['method']} {told['target']}"


def _likeness(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other).ratio()


def _plain(headers: httpx.Headers) -> list[tuple[str, str]]:
    """Of a body that is no longer compressed, nor in pieces."""
    framing = ("content-encoding", "content-length", "transfer-encoding")
    return [(name, value) for name, value in headers.multi_items() if name not in framing]
