"""Rules about values: each field of a sample is changed, and what the adapter reads then is compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import MISSING
from decimal import Decimal
from itertools import chain
from types import UnionType
from typing import Any, NamedTuple, Union, get_args, get_origin

from graphfold.errors import BackendBadReply, BackendContract
from graphfold.page import Page
from graphfold.rows.row import Row, row_class_in
from graphfold.rows.shape import RowField
from graphfold.testing.conformance.adapter_under_test import AdapterUnderTest
from graphfold.testing.conformance.reply_template import ABSENT, EMPTY, NULL
from graphfold.testing.conformance.sample import InsufficientSample, OperationCase
from graphfold.testing.exact_json import ExactNumber

__all__ = ["exact", "nulls"]

REFUSED = object()
"""Instead of a value: the whole reply was refused as a bad one."""

_REFUSALS = (BackendContract, BackendBadReply)
"""The latter where a changed value makes another key's answer, or a second one."""


class FieldChange(NamedTuple):
    """What a field is made, and what may be read then."""

    name: str
    value: Any
    allowed: tuple[Any, ...]


class FieldPosition(NamedTuple):
    """A field of an operation's row, or of one below: `above` are the fields that hold its row, outermost first.

    `paths` are those of the outermost row.
    """

    case: OperationCase
    paths: list[tuple[str, ...]]
    above: tuple[RowField, ...]
    field: RowField

    @property
    def way(self) -> list[RowField]:
        return [*self.above, self.field]


def nulls(subject: AdapterUnderTest) -> Iterator[str]:
    for place in _places(subject):
        for change in _absences(place.case, place.field):
            yield from _read(subject, place, change)


def exact(subject: AdapterUnderTest) -> Iterator[str]:
    for place in _places(subject):
        field = place.field
        for change in _exactly(_kind(field), field.convert.wire if field.convert is not None else None):
            yield from _read(subject, place, change)
    for case in subject.cases():
        if case.operation.row is None:
            yield from _without_row(subject, case)


def _places(subject: AdapterUnderTest) -> Iterator[FieldPosition]:
    """The fields of each operation's row and of the rows in it, without its key and what holds other rows."""
    for case in subject.cases():
        row = case.operation.row
        if row is not None:
            paths = [field.path for field in row.shape.fields]
            for above, field in _fields(row):
                if above or field.name != row.shape.key:
                    yield FieldPosition(case, paths, above, field)


def _fields(row: type[Row[Any]], *around: type[Row[Any]]) -> Iterator[tuple[tuple[RowField, ...], RowField]]:
    """Each with those above it. A row in a row of its kind has no fields that were not there before."""
    for field in row.shape.fields:
        inner = row_class_in(field.type)
        if inner is None:
            yield (), field
        elif inner not in (row, *around):
            yield from (((field, *above), below) for above, below in _fields(inner, row, *around))


def _absences(case: OperationCase, field: RowField) -> Iterator[FieldChange]:
    default = field.default_value() if field.default is not MISSING else REFUSED
    attribute, kind = field.path[-1].startswith("@"), _kind(field)
    if not attribute:
        as_null = default if field.null_is_default else None if field.nullable else REFUSED
        yield FieldChange("null", NULL, (as_null,))
    if field.may_be_absent:
        yield FieldChange("absent", ABSENT, (default,))
    elif not (field.nullable and case.adapter.protocol == "SOAP"):  # there an optional element says null by its absence
        yield FieldChange("absent", ABSENT, (REFUSED,))
    if kind is str:
        yield FieldChange("an empty text", EMPTY, (EMPTY, REFUSED))


def _exactly(kind: Any, wire: Any = None) -> Iterator[FieldChange]:
    if kind is Decimal and wire is not int:
        yield FieldChange(
            "12345678901234567.10", ExactNumber("12345678901234567.10"), (Decimal("12345678901234567.10"),)
        )
    if kind is str or (kind is int and wire is str):
        yield FieldChange("'007'", "007", ("007", REFUSED))
    if kind is int and wire in (None, int):
        yield FieldChange("9007199254740993", ExactNumber("9007199254740993"), (9007199254740993, REFUSED))


def _read(subject: AdapterUnderTest, place: FieldPosition, change: FieldChange) -> Iterator[str]:
    case, way = place.case, [field.path for field in place.way]
    body = case.template.with_field(place.paths, way, change.value)
    if body is None and any(field.nullable for field in place.above):
        return  # a row that is there only in place of others: an error, say
    if body is None:
        needed = [*place.paths, *([tuple(chain(*way))] if place.above else [])]
        told = ", ".join(".".join(path) for path in needed)
        raise InsufficientSample(f"{case.name}: the sample needs a record that has all of {told}")
    names = [field.name for field in place.way]
    yield from (f"{case.name}: {'.'.join(names)} {told}" for told in _misread(subject, case, change, body, names))


def _without_row(subject: AdapterUnderTest, case: OperationCase) -> Iterator[str]:
    """Values that are in no row: the first that stands in the sample just as it is read."""
    for value in _values(subject.read_reply(case, case.reply(case.keys)).value, []) or ():
        for change in _exactly(type(value)):
            if (body := case.template.with_value(value, change.value)) is not None:
                yield from (f"{case.name}: {value!r} {told}" for told in _misread(subject, case, change, body, []))
                return


def _misread(
    subject: AdapterUnderTest, case: OperationCase, change: FieldChange, body: bytes, names: Sequence[str]
) -> Iterator[str]:
    """How the changed reply is read, unless that is one of the ways that are allowed."""
    outcome = subject.read_reply(case, case.response(body))
    read = None if isinstance(outcome.error, _REFUSALS) else _values(outcome.value, names)
    if outcome.error is not None and read is not None:
        yield f"as {change.name} gives {outcome.code}"
    elif not any(_same(read, allowed) for allowed in change.allowed):
        shown = "a refusal" if read is None else " or ".join(sorted(map(repr, read)))
        wanted = " or ".join("a refusal" if each is REFUSED else repr(each) for each in change.allowed)
        yield f"as {change.name} is read as {shown} instead of {wanted}"


def _same(read: list[Any] | None, allowed: Any) -> bool:
    """Whether one of the rows has exactly this, digits of decimals included."""
    if read is None or allowed is REFUSED:
        return read is None and allowed is REFUSED
    return any(type(each) is type(allowed) and str(each) == str(allowed) for each in read)


def _values(answer: Any, names: Sequence[str]) -> list[Any] | None:
    """What the rows of an answer have there, or all that is in it; None where it cannot be read."""
    try:
        for name in names:
            answer = [getattr(row, name) for row in _rows(answer)]
        return list(answer if names else _rows(answer))
    except (*_REFUSALS, ValueError):
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


def _parts(declared: Any) -> tuple[Any, ...]:
    return get_args(declared) if get_origin(declared) in (Union, UnionType) else (declared,)
