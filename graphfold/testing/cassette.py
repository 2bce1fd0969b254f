"""Exchanges with backends, recorded once and replayed: a readable file for each test, without credentials."""

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
    """A recording: `graph.running(transports=Cassette(file))` replays what `Cassette(file, record=True)` has recorded.

    Each recorded reply is served once, to a request with the same backend, method, target and body. A request without
    a recording is answered with status 501 and fails the test when the graph closes, with a diff from the most similar
    recorded request.

    Credentials, cookies and most headers are never written to the file: values that the graph's adapters sign in with
    are redacted wherever they occur, and so are values whose name suggests a secret. `names` are further fields,
    parameters and XML elements to redact, `headers` further headers to keep, and `secrets` further texts to redact.
    `transports` is what a recording sends through: the network by default.
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
        self._names, self._headers, self._secrets = tuple(names), tuple(headers), SecretRedactor(secrets)
        self.exchanges = [] if record else _read(file)
        self._unserved = list(self.exchanges)
        self._misses: list[str] = []

    def __call__(self, backend: str) -> httpx.AsyncBaseTransport:
        return _Recording(self, backend, self._transports(backend)) if self._record else _Replaying(self, backend)

    def replay(self, backend: str, request: httpx.Request) -> httpx.Response:
        """Return the recorded reply, or status 501 when there is none."""
        self._secrets.learn(request)
        as_sent = recorded_request(request, self._name_redactor(request))
        # A secret of this run may be an ordinary word of the recorded request, so the unredacted form is tried first.
        without_secrets = redacted(as_sent, self._secrets)
        for exchange in self._unserved:
            if exchange.backend == backend and (
                matches(exchange.request, as_sent) or matches(exchange.request, without_secrets)
            ):
                self._unserved.remove(exchange)
                return exchange.response
        self._misses.append(self._miss(backend, without_secrets))
        return httpx.Response(501)

    def keep(self, backend: str, request: httpx.Request, response: httpx.Response) -> None:
        """Record one exchange."""
        self._secrets.learn(request)
        redactor = self._name_redactor(request)
        recorded = RecordedExchange(backend, recorded_request(request, redactor), recorded_reply(response, redactor))
        self.exchanges.append(recorded)

    def close(self) -> None:
        """Write the file of a recording. Raise AssertionError for requests that a replay had no recording of."""
        if self._record:
            # Secrets are redacted only now: a reply that issues a token is recorded before the token is first used.
            recorded = [
                RecordedExchange(
                    each.backend, redacted(each.request, self._secrets), redacted(each.reply, self._secrets)
                )
                for each in self.exchanges
            ]
            self.file.parent.mkdir(parents=True, exist_ok=True)
            text = json.dumps([asdict(each) for each in recorded], indent=2, ensure_ascii=False)
            self.file.write_text(text + "\n", encoding="utf-8")
        misses, self._misses = self._misses, []
        if misses:
            raise AssertionError("\n".join(misses))

    def _name_redactor(self, request: httpx.Request) -> NameRedactor:
        return NameRedactor(self._names, self._headers, discretion_of(request).places)

    def _miss(self, backend: str, request: Json) -> str:
        """Return the message for a request without a recording."""
        line = f"{request['method']} {request['target']}"
        fix = f"To record it again: Cassette({self.file.name!r}, record=True)."
        candidates = [each.request for each in self.exchanges if each.backend == backend]
        if any(matches(each, request) for each in candidates):
            return f"{self.file}: {backend} was sent a request once more than recorded: {line}. {fix}"
        if not candidates:
            return f"{self.file}: {backend} was sent {line}, but no request to it was recorded. {fix}"
        text = request_text(request)
        nearest = max(map(request_text, candidates), key=lambda each: difflib.SequenceMatcher(None, each, text).ratio())
        diff = difflib.unified_diff(nearest.split("\n"), text.split("\n"), "recorded", "sent", lineterm="", n=1)
        return "\n".join([f"{self.file}: {backend} was sent {line}. The most similar on record:", *diff, fix])


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
        # The body has been read whole and decompressed, so the headers about its framing no longer hold.
        framing = ("content-encoding", "content-length", "transfer-encoding")
        headers = [(name, value) for name, value in response.headers.multi_items() if name not in framing]
        return httpx.Response(response.status_code, headers=headers, content=response.content)

    async def aclose(self) -> None:
        await self._real.aclose()
        self._cassette.close()


def _read(file: Path) -> list[RecordedExchange]:
    try:
        exchanges: list[Json] = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FileNotFoundError(f"{file} is not there. Record it: Cassette({file.name!r}, record=True).") from None
    return [RecordedExchange(**each) for each in exchanges]
