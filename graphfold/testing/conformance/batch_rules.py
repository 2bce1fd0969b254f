"""Rules about batches: which answer belongs to which key, how many keys a call has, and what fails alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import is_dataclass
from typing import Any

import httpx
import msgspec

from graphfold.page import Page
from graphfold.testing.conformance.adapter_under_test import AdapterUnderTest
from graphfold.testing.conformance.sample import InsufficientSample, OperationCase, wire_texts
from graphfold.testing.conformance.trial import BackendScript, describe, error_code, is_nothing

__all__ = ["duplicate", "foreign", "keyed", "missing", "partial", "split"]

LONGEST_ADDRESS = 8_000
"""Bytes of path and query that every server accepts."""


def keyed(subject: AdapterUnderTest) -> Iterator[str]:
    for case in _multi_key_cases(subject):
        in_order, reversed_ = (
            {key: _content(value) for key, value in subject.find_keys(case, case.keys, _lists(case, order)).items()}
            for order in (case.keys, case.keys[::-1])
        )
        if len(set(in_order.values())) < len(case.keys):
            raise InsufficientSample(f"{case.name}: its keys have equal answers; give a sample whose entries differ")
        for key in case.keys:
            if reversed_[key] != in_order[key]:
                yield f"{case.name}: {key!r} has another answer when the reply is in another order"


def split(subject: AdapterUnderTest) -> Iterator[str]:
    for case in subject.cases("batch"):
        limit = case.operation.policy.max_size if case.batched else 1
        keys = case.other_keys(case.operation.policy.max_size + 1 if case.batched else 3)
        sent: list[tuple[int, int]] = []

        def note(request: httpx.Request, requested: list[Any], sent: list[tuple[int, int]] = sent) -> None:
            sent.append((len(requested), len(request.url.raw_path)))

        answers = subject.find_keys(case, keys, _replies(case, keys, on_request=note))
        largest, longest = (max(column) for column in zip(*sent, strict=True))
        if largest > limit:
            yield f"{case.name}: one call asks for {largest} keys, but at most {limit} are allowed"
        if longest > LONGEST_ADDRESS:
            yield f"{case.name}: an address of {longest:,} bytes; declare a smaller max_size"
        if sum(count for count, _ in sent) > len(keys):
            yield f"{case.name}: {len(keys)} keys are asked for {sum(count for count, _ in sent)} times"
        lost = [key for key, value in answers.items() if _is_lost(value)]
        yield from (f"{case.name}: {key!r} gives {describe(answers[key])}" for key in lost[:1])


def missing(subject: AdapterUnderTest) -> Iterator[str]:
    for case in subject.cases("batch"):
        unknown, known = case.other_keys(2)
        answers = subject.find_keys(case, [unknown, known], _replies(case, [unknown, known], lacking=[unknown]))
        if not is_nothing(answers[unknown]):
            yield f"{case.name}: a key that the backend does not have gives {describe(answers[unknown])}"
        if _is_lost(answers[known]):
            yield f"{case.name}: the other key gives {describe(answers[known])}"


def foreign(subject: AdapterUnderTest) -> Iterator[str]:
    for case in subject.cases("batch"):
        wanted, other, known = case.other_keys(3)
        if not case.template.mentions(wire_texts(case.keys[0])):
            continue  # the reply names no key, so none can be a wrong one
        answers = subject.find_keys(case, [wanted, known], _replies(case, [wanted, known], instead={wanted: other}))
        if error_code(answers[wanted]) != "BACKEND_BAD_REPLY":
            result = describe(answers[wanted])
            yield f"{case.name}: the answer for another key gives {result} instead of BACKEND_BAD_REPLY"


def duplicate(subject: AdapterUnderTest) -> Iterator[str]:
    for case in _multi_key_cases(subject):
        if case.operation.policy.gives == "list" or not case.template.allows_duplicates:
            continue  # several rows for one key are its purpose, or impossible
        keys = case.other_keys(2)
        answers = subject.find_keys(case, keys, _lists(case, [keys[0], keys[0], keys[1]]))
        if error_code(answers[keys[0]]) != "BACKEND_BAD_REPLY":
            result = describe(answers[keys[0]])
            yield f"{case.name}: two answers for one key give {result} instead of BACKEND_BAD_REPLY"


def partial(subject: AdapterUnderTest) -> Iterator[str]:
    for case in subject.cases("batch"):
        keys = case.other_keys(case.operation.policy.max_size + 1 if case.batched else 2)  # more than one call
        answers = subject.find_keys(case, keys, _replies(case, keys, failing=keys[-1]))
        if not isinstance(answers[keys[-1]], BaseException):
            yield f"{case.name}: a call that fails gives {describe(answers[keys[-1]])}"
        if _is_lost(answers[keys[0]]):
            yield f"{case.name}: another call fails, and {keys[0]!r} gives {describe(answers[keys[0]])}"


def _multi_key_cases(subject: AdapterUnderTest) -> Iterator[OperationCase]:
    """Yield the batches whose calls ask for several keys."""
    return (case for case in subject.cases("batch") if case.batched)


def _lists(case: OperationCase, keys: Sequence[Any]) -> BackendScript:
    """Return a script that replies with entries for exactly these keys, whatever is requested."""

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
    on_request: Callable[[httpx.Request, list[Any]], None] = lambda request, requested: None,
) -> BackendScript:
    """Return a script that replies with what is requested of `keys`.

    It does not have those `lacking`, has others `instead`, and fails when `failing` is requested.
    """

    async def script(request: httpx.Request) -> httpx.Response:
        requested = case.requested_keys(request, keys)
        on_request(request, requested)
        if failing in requested:
            return httpx.Response(500)
        present = [(instead or {}).get(key, key) for key in requested if key not in lacking]
        if not present and (not case.batched or case.sample.missing is not None):
            return case.missing_reply()
        return case.reply(present)

    return script


def _content(value: Any) -> str:
    """Return a text for a value and all that is in it, the same for equal values."""
    if isinstance(value, BaseException):
        return describe(value)
    if isinstance(value, Page):
        return f"{value.total} {_content(value.items)}"
    if isinstance(value, list):
        return str([_content(item) for item in value])
    if not (is_dataclass(value) or isinstance(value, msgspec.Struct)):
        return repr(value)
    return str({name: _content(part) for name, part in vars(value).items()})


def _is_lost(value: Any) -> bool:
    return isinstance(value, BaseException) or is_nothing(value)
