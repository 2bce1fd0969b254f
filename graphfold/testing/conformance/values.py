"""Rules about values: each field of a sample is changed, and what the adapter reads then is compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import MISSING
from decimal import Decimal
from types import UnionType
from typing import Any, NamedTuple, Union, get_args, get_origin

from graphfold.errors import BackendBadReply, BackendContract
from graphfold.page import Page
from graphfold.rows.row import Row, RowField
from graphfold.testing.conformance.documents import ABSENT, EMPTY, NULL
from graphfold.testing.conformance.kit import Kit
from graphfold.testing.conformance.sample import Case, Unsampled
from graphfold.testing.exact import Number

__all__ = ["exact", "nulls"]

REFUSED = object()
"""Instead of a value: the whole reply was refused as a bad one."""

_REFUSALS = (BackendContract.code, BackendBadReply.code)
"""The latter where a changed value makes another key's answer, or a second one."""


class Change(NamedTuple):
    """What a field is made, and what may be read then."""

    name: str
    value: Any
    allowed: tuple[Any, ...]


def nulls(kit: Kit) -> Iterator[str]:
    for case, field in _fields(kit):
        for change in _absences(case, field):
            yield from _read(kit, case, field, change)


def exact(kit: Kit) -> Iterator[str]:
    for case, field in _fields(kit):
        for change in _exactly(field):
            yield from _read(kit, case, field, change)


def _fields(kit: Kit) -> Iterator[tuple[Case, RowField]]:
    """The fields of each operation's row, without its key and what holds other rows."""
    for case in kit.cases():
        row = case.operation.row
        if row is not None:
            for field in row.shape.fields:
                if field.name != row.shape.key and not _holds_rows(field.type):
                    yield case, field


def _absences(case: Case, field: RowField) -> Iterator[Change]:
    default = field.default_value() if field.default is not MISSING else REFUSED
    attribute, kind = field.path[-1].startswith("@"), _kind(field)
    if not attribute:
        as_null = default if field.null_is_default else None if field.nullable else REFUSED
        yield Change("null", NULL, (as_null,))
    if field.may_be_absent:
        yield Change("absent", ABSENT, (default,))
    elif not (field.nullable and case.adapter.protocol == "SOAP"):  # there an optional element says null by its absence
        yield Change("absent", ABSENT, (REFUSED,))
    if kind is str:
        yield Change("an empty text", EMPTY, (EMPTY, REFUSED))


def _exactly(field: RowField) -> Iterator[Change]:
    kind, wire = _kind(field), field.convert.wire if field.convert is not None else None
    if kind is Decimal and wire is not int:
        yield Change("12345678901234567.10", Number("12345678901234567.10"), (Decimal("12345678901234567.10"),))
    if kind is str or (kind is int and wire is str):
        yield Change("'007'", "007", ("007", REFUSED))
    if kind is int and wire in (None, int):
        yield Change("9007199254740993", Number("9007199254740993"), (9007199254740993, REFUSED))


def _read(kit: Kit, case: Case, field: RowField, change: Change) -> Iterator[str]:
    row = case.operation.row
    assert row is not None
    paths = [each.path for each in row.shape.fields]
    body = case.document.with_field(paths, field.path, change.value)
    if body is None:
        told = ", ".join(".".join(path) for path in paths)
        raise Unsampled(f"{case.name}: the sample needs a record that has all of {told}")
    outcome = kit.rows(case, case.response(body))
    read = None if outcome.code in _REFUSALS else _values(outcome.value, field.name)
    if outcome.error is not None and read is not None:
        yield f"{case.name}: {field.name} as {change.name} gives {outcome.code}"
    elif not any(_same(read, allowed) for allowed in change.allowed):
        shown = "a refusal" if read is None else " or ".join(sorted(map(repr, read)))
        wanted = " or ".join("BACKEND_CONTRACT" if each is REFUSED else repr(each) for each in change.allowed)
        yield f"{case.name}: {field.name} as {change.name} is read as {shown} instead of {wanted}"


def _same(read: list[Any] | None, allowed: Any) -> bool:
    """Whether one of the rows has exactly this, digits of decimals included."""
    if read is None or allowed is REFUSED:
        return read is None and allowed is REFUSED
    return any(type(each) is type(allowed) and str(each) == str(allowed) for each in read)


def _values(answer: Any, name: str) -> list[Any] | None:
    """What the rows of an answer have there; None where it cannot be read."""
    try:
        return [getattr(row, name) for row in _rows(answer)]
    except (BackendBadReply, BackendContract, ValueError):
        return None


def _rows(answer: Any) -> Iterator[Any]:
    if isinstance(answer, Page):
        yield from answer.items
    elif isinstance(answer, dict | list):
        for part in answer.values() if isinstance(answer, dict) else answer:
            yield from _rows(part)
    elif isinstance(answer, BaseException):
        raise answer
    elif answer is not None:
        yield answer


def _kind(field: RowField) -> Any:
    """The field's type without None."""
    kinds = [kind for kind in _parts(field.type) if kind is not type(None)]
    return kinds[0] if len(kinds) == 1 else None


def _holds_rows(declared: Any) -> bool:
    return any(isinstance(part, type) and not get_args(part) and issubclass(part, Row) for part in _all_parts(declared))


def _all_parts(declared: Any) -> Iterable[Any]:
    yield declared
    for part in get_args(declared):
        yield from _all_parts(part)


def _parts(declared: Any) -> tuple[Any, ...]:
    return get_args(declared) if get_origin(declared) in (Union, UnionType) else (declared,)
