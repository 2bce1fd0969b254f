"""Rules about batches: whose answer is whose, how many keys travel together, and what fails alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import is_dataclass
from typing import Any

import httpx
import msgspec

from graphfold.page import Page
from graphfold.testing.conformance.adapter_under_test import AdapterUnderTest
from graphfold.testing.conformance.sample import InsufficientSample, OperationCase, texts
from graphfold.testing.conformance.trial import BackendScript, error_code

__all__ = ["duplicate", "foreign", "keyed", "missing", "partial", "split"]

LONGEST_ADDRESS = 8_000
"""Bytes of a request's path and query that every server takes."""


def keyed(subject: AdapterUnderTest) -> Iterator[str]:
    for case in _batches(subject):
        orders = (case.keys, case.keys[::-1])
        in_order, turned = (_seen(subject.find_keys(case, case.keys, _lists(case, order))) for order in orders)
        if len(set(in_order.values())) < len(case.keys):
            raise InsufficientSample(f"{case.name}: its keys have equal answers; give a sample whose entries differ")
        for key in case.keys:
            if turned[key] != in_order[key]:
                yield f"{case.name}: {key!r} has another answer when the reply is in another order"


def split(subject: AdapterUnderTest) -> Iterator[str]:
    for case in subject.cases("batch"):
        most = case.operation.policy.max_size
        keys = case.invented(most + 1 if case.batched else 3)
        sent: list[tuple[int, int]] = []

        def heard(request: httpx.Request, asked: list[Any], sent: list[tuple[int, int]] = sent) -> None:
            sent.append((len(asked), len(request.url.raw_path)))

        found = subject.find_keys(case, keys, _replies(case, keys, heard=heard))
        most_asked, longest = (max(column) for column in zip(*sent, strict=True))
        if most_asked > most or (most_asked > 1 and not case.batched):
            yield f"{case.name}: one call asks for {most_asked} keys, but {most if case.batched else 1} are the most"
        if longest > LONGEST_ADDRESS:
            yield f"{case.name}: an address of {longest:,} bytes; declare a smaller max_size"
        if sum(count for count, _ in sent) > len(keys):
            yield f"{case.name}: {len(keys)} keys are asked for {sum(count for count, _ in sent)} times"
        yield from (f"{case.name}: {key!r} gives {_told(value)}" for key, value in list(_lost(found))[:1])


def missing(subject: AdapterUnderTest) -> Iterator[str]:
    for case in subject.cases("batch"):
        gone, there = case.invented(2)
        found = subject.find_keys(case, [gone, there], _replies(case, [gone, there], lacking=[gone]))
        if not _is_nothing(found[gone]):
            yield f"{case.name}: a key that the backend does not have gives {_told(found[gone])}"
        if _is_lost(found[there]):
            yield f"{case.name}: the other key gives {_told(found[there])}"


def foreign(subject: AdapterUnderTest) -> Iterator[str]:
    for case in subject.cases("batch"):
        wanted, other, there = case.invented(3)
        if not case.template.mentions(texts(case.keys[0])):
            continue  # the reply names no key, so none can be a wrong one
        found = subject.find_keys(case, [wanted, there], _replies(case, [wanted, there], instead={wanted: other}))
        if error_code(found[wanted]) != "BACKEND_BAD_REPLY":
            yield f"{case.name}: the answer for another key gives {_told(found[wanted])} instead of BACKEND_BAD_REPLY"


def duplicate(subject: AdapterUnderTest) -> Iterator[str]:
    for case in _batches(subject):
        if case.operation.policy.gives == "list" or not case.template.allows_duplicates:
            continue  # several rows for one key are what it is for, or cannot be
        keys = case.invented(2)
        found = subject.find_keys(case, keys, _lists(case, [keys[0], keys[0], keys[1]]))
        if error_code(found[keys[0]]) != "BACKEND_BAD_REPLY":
            yield f"{case.name}: two answers for one key give {_told(found[keys[0]])} instead of BACKEND_BAD_REPLY"


def partial(subject: AdapterUnderTest) -> Iterator[str]:
    for case in subject.cases("batch"):
        keys = case.invented(case.operation.policy.max_size + 1 if case.batched else 2)
        found = subject.find_keys(case, keys, _replies(case, keys, failing=keys[-1]))
        if not isinstance(found[keys[-1]], BaseException):
            yield f"{case.name}: a call that fails gives {_told(found[keys[-1]])}"
        if _is_lost(found[keys[0]]):
            yield f"{case.name}: another call fails, and {keys[0]!r} gives {_told(found[keys[0]])}"


def _batches(subject: AdapterUnderTest) -> Iterator[OperationCase]:
    """Those whose calls ask for several keys."""
    return (case for case in subject.cases("batch") if case.batched)


def _lists(case: OperationCase, keys: Sequence[Any]) -> BackendScript:
    """Entries for exactly these keys, whatever is asked for."""

    async def script(request: httpx.Request) -> httpx.Response:
        return case.reply(list(keys))

    return script


def _replies(
    case: OperationCase,
    keys: Sequence[Any],
    *,
    lacking: Sequence[Any] = (),
    instead: dict[Any, Any] | None = None,
    failing: Any = None,
    heard: Callable[[httpx.Request, list[Any]], None] = lambda request, asked: None,
) -> BackendScript:
    """A backend that has these keys, without those `lacking`, others `instead`; it fails when asked for `failing`."""

    async def script(request: httpx.Request) -> httpx.Response:
        asked = case.asked(request, keys)
        heard(request, asked)
        if failing in asked:
            return httpx.Response(500)
        told = [(instead or {}).get(key, key) for key in asked if key not in lacking]
        if not told and (not case.batched or case.sample.missing is not None):
            return case.nothing()
        return case.reply(told)

    return script


def _seen(found: dict[Any, Any]) -> dict[Any, str]:
    return {key: _told(value) if isinstance(value, BaseException) else _plain(value) for key, value in found.items()}


def _plain(value: Any) -> str:
    """The value with all that is in it, but not where it is."""
    if isinstance(value, Page):
        return f"{value.total} {_plain(value.items)}"
    if isinstance(value, list):
        return str([_plain(item) for item in value])
    if not (is_dataclass(value) or isinstance(value, msgspec.Struct)):
        return repr(value)
    return str({name: _plain(part) for name, part in vars(value).items()})


def _lost(found: dict[Any, Any]) -> Iterator[tuple[Any, Any]]:
    return ((key, value) for key, value in found.items() if _is_lost(value))


def _is_lost(value: Any) -> bool:
    return isinstance(value, BaseException) or _is_nothing(value)


def _is_nothing(value: Any) -> bool:
    return value is None or value == [] or (isinstance(value, Page) and not value.items)


def _told(value: object) -> str:
    if isinstance(value, BaseException):
        return f"{error_code(value)} ({getattr(value, 'internal', None) or value})"
    return "nothing" if _is_nothing(value) else "an answer"
