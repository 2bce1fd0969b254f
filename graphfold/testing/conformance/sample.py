"""Samples: for each operation of an adapter a request's arguments and the reply that the backend really gave."""

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
from graphfold.adapter.soap.envelope import ENVELOPE_NAMESPACES
from graphfold.loading.backend_operation import BackendOperation
from graphfold.testing import exact_json
from graphfold.testing.conformance.json_template import JsonTemplate
from graphfold.testing.conformance.reply_template import Key, ReplyTemplate
from graphfold.testing.conformance.soap_faults import in_envelope
from graphfold.testing.conformance.xml_template import XmlTemplate

__all__ = ["InsufficientSample", "OperationCase", "Sample"]


class InsufficientSample(AssertionError):
    """Raised when a rule cannot be checked with the given samples; the text says what to add."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What the suite needs to know of one operation.

    `reply` is the body of a real reply: data, text, or the file that holds it; for SOAP, the content of the envelope's
    body is enough. Fill in everything that may be null.

    For a batch, `keys` are those that the reply has: two or more with different values, or one where the backend takes
    one key a call. `missing` is the backend's reply for a key that it does not have, where it does more than leave the
    key out (a body, or an `httpx.Response` where the status counts). `others` are further valid keys, for the case that
    none can be made by changing the number at a key's end. `arguments` are the operation's other arguments, by name. Of
    an operation that makes several requests the rules are about one; `beside` answers the others by route, as a
    `FakeBackend` does.
    """

    reply: Any
    keys: Sequence[Hashable] = ()
    arguments: Mapping[str, Any] = field(default_factory=dict)
    missing: Any = None
    others: Sequence[Hashable] = ()
    beside: Mapping[str, Any] = field(default_factory=dict)


class OperationCase:
    """An operation with its sample, from which it makes keys to ask for and replies to give."""

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
        template: Callable[[str, Sequence[Key]], ReplyTemplate] = JsonTemplate
        if issubclass(self.adapter, SoapAdapter):
            template, text = XmlTemplate, _in_envelope(self.adapter, text)
        return template(text, [wire_texts(key) for key in self.keys])

    def other_keys(self, count: int) -> list[Any]:
        """Return `count` keys that the sample does not have, its `others` first, or raise `InsufficientSample`."""
        pattern = self.operation.policy.key_pattern
        made_up = (_renumbered(self.keys[0], number) for number in range(1, 10 * count + 100))
        valid = (key for key in made_up if pattern is None or pattern.fullmatch(str(key)))
        keys = list(islice(_distinct(chain(self.sample.others, valid), without=self.keys), count))
        if len(keys) < count:
            problem = f"no {count} keys like {self.keys[0]!r} can be made up; give as many: Sample(..., others=[...])"
            raise InsufficientSample(f"{self.name}: {problem}")
        return keys

    def response(self, body: bytes, status: int = 200) -> httpx.Response:
        """Return a response with the media type of the adapter's protocol."""
        media_type = self.template.media_type
        if media_type == "text/xml" and ENVELOPE_NAMESPACES["1.2"].encode() in body:
            media_type = "application/soap+xml"
        return httpx.Response(status, content=body, headers={"content-type": media_type})

    def reply(self, keys: Sequence[Any]) -> httpx.Response:
        """Return the reply with an entry for each of these keys, in this order."""
        if keys == self.keys or not self.keys:
            return self.response(self.template.original())
        return self.response(self.template.with_keys([wire_texts(key) for key in keys]))

    def missing_reply(self) -> httpx.Response:
        """Return the reply for a key that the backend does not have, or raise `InsufficientSample`."""
        missing = self.sample.missing
        if missing is None:
            raise InsufficientSample(
                f"{self.name}: say what the backend replies for an unknown key: Sample(..., missing=...)"
            )
        if isinstance(missing, httpx.Response):
            return missing
        text = _text(missing)
        if issubclass(self.adapter, SoapAdapter):
            text = _in_envelope(self.adapter, text)
        return self.response(text.encode(), 500 if "Fault" in text else 200)

    def requested_keys(self, request: httpx.Request, candidates: Sequence[Any]) -> list[Any]:
        """Return those of the candidates that the request names, in its path, query or body."""
        query = " ".join(value for _, value in httpx.QueryParams(request.url.query).multi_items())
        text = f"{request.url.path} {query} {request.content.decode(errors='replace')}"
        words = set(re.findall(r"[\w-]+", text))

        def is_named(part: str) -> bool:
            # By whole words, so that 10 is not found in 100; a key of other characters can only be searched for.
            return part in words or (not re.fullmatch(r"[\w-]+", part) and part in text)

        return [key for key in candidates if all(map(is_named, wire_texts(key)))]


def wire_texts(key: Any) -> Key:
    """Return the texts that a key has on the wire, one for each part of a compound key."""
    return tuple(map(str, key)) if isinstance(key, tuple) else (str(key),)


def _distinct(keys: Iterable[Any], *, without: Sequence[Any]) -> Iterator[Any]:
    seen = {*without}
    for key in keys:
        if key not in seen:
            seen.add(key)
            yield key


def _renumbered(key: Any, number: int) -> Any:
    """Return the key with this number in place of the last digits in it, or at its end where it has none."""
    if isinstance(key, tuple):
        return tuple(_renumbered(part, number) for part in key)
    text = str(key)
    last = re.search(r"\d+(?=\D*$)", text)
    digits = str(number).zfill(max(4, len(last[0]) if last else 0))
    if last is None:
        text += digits
    else:
        if digits[0] == "0" and last[0][0] != "0":  # a number that does not begin with 0 is replaced by such a one
            digits = "9" + digits[1:]
        text = text[: last.start()] + digits + text[last.end() :]
    return int(text) if isinstance(key, int) else text


def _text(reply: Any) -> str:
    if isinstance(reply, Path):
        return reply.read_text(encoding="utf-8")
    if isinstance(reply, bytes):
        return reply.decode()
    return reply if isinstance(reply, str) else exact_json.encode(reply)


def _in_envelope(adapter: type[SoapAdapter], text: str) -> str:
    return text if ":Envelope" in text or "<Envelope" in text else in_envelope(adapter, text)
