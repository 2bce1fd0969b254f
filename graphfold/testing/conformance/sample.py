"""What a team gives for each operation of its adapter: what it was asked, and what the backend replied."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from typing import Any

import httpx

from graphfold.adapter.base import Adapter
from graphfold.adapter.soap.adapter import SoapAdapter
from graphfold.adapter.soap.message import ENVELOPES
from graphfold.loading.backend_operations import BackendOperation
from graphfold.testing import exact_json
from graphfold.testing.conformance.json_template import JsonTemplate
from graphfold.testing.conformance.reply_template import Key, ReplyTemplate
from graphfold.testing.conformance.soap_faults import enveloped
from graphfold.testing.conformance.xml_template import XmlTemplate

__all__ = ["InsufficientSample", "OperationCase", "Sample"]


class InsufficientSample(AssertionError):
    """A rule cannot be checked with the samples there are; the text says what to add."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """`reply` is the body of a real reply: data, text, or the file that holds it; of SOAP, what is in the envelope's
    body will do. Fill in everything that may be null.

    For a batch, `keys` are those it answers: two or more with different values, or one where each key is a call of
    its own; `missing` is what the backend replies for a key it does not have, where that is more than to leave it out
    (a body, or an `httpx.Response` where the status counts). `others` are more keys that could be, where none can be
    made up by other numbers at their end. `arguments` are the operation's others, by name. An operation that makes
    several requests has one that the rules are about; `beside` answers the others by route, as a `FakeBackend` does.
    """

    reply: Any
    keys: Sequence[Hashable] = ()
    arguments: Mapping[str, Any] = field(default_factory=dict)
    missing: Any = None
    others: Sequence[Hashable] = ()
    beside: Mapping[str, Any] = field(default_factory=dict)


class OperationCase:
    """An operation with its sample: what to ask, and how the backend replies to it."""

    def __init__(self, adapter: type[Adapter], operation: BackendOperation, sample: Sample) -> None:
        self.adapter, self.operation, self.sample = adapter, operation, sample
        self.keys = list(sample.keys)
        self.name = f"{adapter.name}.{operation.name}"

    @property
    def batched(self) -> bool:
        """Whether one call asks for several keys."""
        return len(self.keys) > 1

    @cached_property
    def template(self) -> ReplyTemplate:
        text = _text(self.sample.reply)
        kind: Callable[[str, Sequence[Key]], ReplyTemplate] = JsonTemplate
        if issubclass(self.adapter, SoapAdapter):
            kind, text = XmlTemplate, _enveloped(self.adapter, text)
        return kind(text, [texts(key) for key in self.keys])

    def invented(self, count: int) -> list[Any]:
        """Return `count` keys that the sample does not have, its `others` first, or raise `InsufficientSample`."""
        pattern = self.operation.policy.key_pattern
        made_up = (_like(self.keys[0], number) for number in range(1, 10 * count + 100))
        fitting = (key for key in made_up if pattern is None or pattern.fullmatch(str(key)))
        found = list(islice(_once(chain(self.sample.others, fitting), self.keys), count))
        if len(found) < count:
            told = f"no {count} keys like {self.keys[0]!r} can be made up; give as many: Sample(..., others=[...])"
            raise InsufficientSample(f"{self.name}: {told}")
        return found

    def response(self, body: bytes, status: int = 200) -> httpx.Response:
        media_type = self.template.media_type
        if media_type == "text/xml" and ENVELOPES["1.2"].encode() in body:
            media_type = "application/soap+xml"
        return httpx.Response(status, content=body, headers={"content-type": media_type})

    def reply(self, keys: Sequence[Any]) -> httpx.Response:
        """The reply with an entry for each of these keys, in this order."""
        if keys == self.keys or not self.keys:
            return self.response(self.template.original())
        return self.response(self.template.with_keys([texts(key) for key in keys]))

    def nothing(self) -> httpx.Response:
        """The reply for a key that is not there, where each has a call of its own."""
        told = self.sample.missing
        if told is None:
            raise InsufficientSample(
                f"{self.name}: say what the backend replies for an unknown key: Sample(..., missing=...)"
            )
        if isinstance(told, httpx.Response):
            return told
        text = _text(told)
        if issubclass(self.adapter, SoapAdapter):
            text = _enveloped(self.adapter, text)
        return self.response(text.encode(), 500 if "Fault" in text else 200)

    def asked(self, request: httpx.Request, among: Sequence[Any]) -> list[Any]:
        """Which of these keys the request names."""
        said = _decoded(request)
        words = set(re.findall(r"[\w-]+", said))
        return [key for key in among if all(_said(part, words, said) for part in texts(key))]


def _once(keys: Iterable[Any], known: Sequence[Any]) -> Iterator[Any]:
    """Each of the keys the first time, but for those that are known."""
    seen = {*known}
    for key in keys:
        if key not in seen:
            seen.add(key)
            yield key


def texts(key: Any) -> Key:
    """A key as it is written on the wire."""
    return tuple(map(str, key)) if isinstance(key, tuple) else (str(key),)


def _decoded(request: httpx.Request) -> str:
    query = " ".join(value for _, value in httpx.QueryParams(request.url.query).multi_items())
    return f"{request.url.path} {query} {request.content.decode(errors='replace')}"


def _said(part: str, words: set[str], said: str) -> bool:
    return part in words or (not re.fullmatch(r"[\w-]+", part) and part in said)


def _like(key: Any, number: int) -> Any:
    if isinstance(key, tuple):
        return tuple(_like(part, number) for part in key)
    text = _numbered(str(key), number)
    return int(text) if isinstance(key, int) else text


def _numbered(text: str, number: int) -> str:
    """The text with its last digits replaced, at least four of them where it has any."""
    match = re.search(r"\d+(?=\D*$)", text)
    digits = str(number).zfill(max(4, len(match[0]) if match else 0))
    if match is None:
        return text + digits
    filled = digits if match[0][0] == "0" or digits[0] != "0" else "9" + digits[1:]
    return text[: match.start()] + filled + text[match.end() :]


def _text(told: Any) -> str:
    if isinstance(told, Path):
        return told.read_text(encoding="utf-8")
    if isinstance(told, bytes):
        return told.decode()
    return told if isinstance(told, str) else exact_json.encode(told)


def _enveloped(adapter: type[SoapAdapter], text: str) -> str:
    return text if ":Envelope" in text or "<Envelope" in text else enveloped(adapter, text)
