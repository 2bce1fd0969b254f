"""Rules about values: each field of a sample is changed, and what the adapter then reads is compared."""

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
"""In place of a value: the adapter refused the whole reply as a bad one."""

_REFUSALS = (BackendContract, BackendBadReply)
"""BackendBadReply is raised where a changed value makes the answer one for another key, or a second one for its key."""


class FieldChange(NamedTuple):
    """A value to set a field to, and the values that may then be read."""

    name: str
    value: Any
    allowed: tuple[Any, ...]


class FieldPosition(NamedTuple):
    """A field of an operation's row, or of a row inside it.

    `record_paths` are those of all fields of the outermost row. `parents` are the fields that hold the inner rows,
    outermost first.
    """

    case: OperationCase
    record_paths: list[tuple[str, ...]]
    parents: tuple[RowField, ...]
    field: RowField


def nulls(subject: AdapterUnderTest) -> Iterator[str]:
    for position in _positions(subject):
        for change in _null_changes(position.case, position.field):
            yield from _check_field(subject, position, change)


def exact(subject: AdapterUnderTest) -> Iterator[str]:
    for position in _positions(subject):
        field = position.field
        for change in _exact_changes(_kind(field), field.convert.wire if field.convert is not None else None):
            yield from _check_field(subject, position, change)
    for case in subject.cases():
        if case.operation.row is None:
            yield from _check_bare_value(subject, case)


def _positions(subject: AdapterUnderTest) -> Iterator[FieldPosition]:
    """Yield every field of every row of an operation, except its key and the fields that hold other rows."""
    for case in subject.cases():
        row = case.operation.row
        if row is not None:
            record_paths = [field.path for field in row.shape.fields]
            for parents, field in _fields(row):
                if parents or field.name != row.shape.key:
                    yield FieldPosition(case, record_paths, parents, field)


def _fields(row: type[Row[Any]], *outer: type[Row[Any]]) -> Iterator[tuple[tuple[RowField, ...], RowField]]:
    """Yield each field with its parents. A row inside a row of its own type is left out, or there would be no end."""
    for field in row.shape.fields:
        inner = row_class_in(field.type)
        if inner is None:
            yield (), field
        elif inner not in (row, *outer):
            yield from (((field, *parents), below) for parents, below in _fields(inner, row, *outer))


def _null_changes(case: OperationCase, field: RowField) -> Iterator[FieldChange]:
    default = field.default_value() if field.default is not MISSING else REFUSED
    is_attribute = field.path[-1].startswith("@")
    if not is_attribute:
        as_null = default if field.null_is_default else None if field.nullable else REFUSED
        yield FieldChange("null", NULL, (as_null,))
    if field.may_be_absent:
        yield FieldChange("absent", ABSENT, (default,))
    elif not (field.nullable and case.adapter.protocol == "SOAP"):  # SOAP leaves out an optional element that is null
        yield FieldChange("absent", ABSENT, (REFUSED,))
    if _kind(field) is str:
        yield FieldChange("an empty text", EMPTY, (EMPTY, REFUSED))


def _exact_changes(kind: Any, wire: Any = None) -> Iterator[FieldChange]:
    """Yield values that a float or an int in between would change."""
    if kind is Decimal and wire is not int:
        text = "12345678901234567.10"
        yield FieldChange(text, ExactNumber(text), (Decimal(text),))
    if kind is str or (kind is int and wire is str):
        yield FieldChange("'007'", "007", ("007", REFUSED))
    if kind is int and wire in (None, int):
        text = "9007199254740993"  # 2**53 + 1, the first integer that a double cannot hold
        yield FieldChange(text, ExactNumber(text), (int(text), REFUSED))


def _check_field(subject: AdapterUnderTest, position: FieldPosition, change: FieldChange) -> Iterator[str]:
    case, way = position.case, [*position.parents, position.field]
    field_paths = [field.path for field in way]
    body = case.template.with_field(position.record_paths, field_paths, change.value)
    if body is None and any(field.nullable for field in position.parents):
        return  # an inner row that a sample need not have, such as an error in place of the others
    if body is None:
        needed = [*position.record_paths, *([tuple(chain(*field_paths))] if position.parents else [])]
        listed = ", ".join(".".join(path) for path in needed)
        raise InsufficientSample(f"{case.name}: the sample needs a record that has all of {listed}")
    names = [field.name for field in way]
    problems = _misreadings(subject, case, change, body, names)
    yield from (f"{case.name}: {'.'.join(names)} {problem}" for problem in problems)


def _check_bare_value(subject: AdapterUnderTest, case: OperationCase) -> Iterator[str]:
    """Check an operation without rows, by the first of its values that the sample has literally."""
    for value in _values(subject.read_reply(case, case.reply(case.keys)).value, []) or ():
        for change in _exact_changes(type(value)):
            if (body := case.template.with_value(value, change.value)) is not None:
                problems = _misreadings(subject, case, change, body, [])
                yield from (f"{case.name}: {value!r} {problem}" for problem in problems)
                return


def _misreadings(
    subject: AdapterUnderTest, case: OperationCase, change: FieldChange, body: bytes, names: Sequence[str]
) -> Iterator[str]:
    """Yield how the changed reply is read, unless that is allowed."""
    outcome = subject.read_reply(case, case.response(body))
    values = None if isinstance(outcome.error, _REFUSALS) else _values(outcome.value, names)
    if outcome.error is not None and values is not None:
        yield f"as {change.name} gives {outcome.code}"
    elif not any(_has_value(values, allowed) for allowed in change.allowed):
        read = "a refusal" if values is None else " or ".join(sorted(map(repr, values)))
        wanted = " or ".join("a refusal" if each is REFUSED else repr(each) for each in change.allowed)
        yield f"as {change.name} is read as {read} instead of {wanted}"


def _has_value(values: list[Any] | None, allowed: Any) -> bool:
    """Return whether one of the values is exactly the allowed one: of its type, with all digits of a decimal."""
    if values is None or allowed is REFUSED:
        return values is None and allowed is REFUSED
    return any(type(each) is type(allowed) and str(each) == str(allowed) for each in values)


def _values(answer: Any, names: Sequence[str]) -> list[Any] | None:
    """Return the values of a field in all rows, or without names all items; None if they cannot be read."""
    try:
        for name in names:
            answer = [getattr(row, name) for row in _items(answer)]
        return list(answer if names else _items(answer))
    except (*_REFUSALS, ValueError):
        return None


def _items(answer: Any) -> Iterator[Any]:
    """Yield everything in nested pages, mappings and lists. Raise an exception that is among them."""
    if isinstance(answer, Page):
        yield from answer.items
    elif isinstance(answer, dict | list):
        for part in answer.values() if isinstance(answer, dict) else answer:
            yield from _items(part)
    elif isinstance(answer, BaseException):
        raise answer
    elif answer is not None:
        yield answer


def _kind(field: RowField) -> Any:
    """Return the field's type without None, or None for a union of several."""
    parts = get_args(field.type) if get_origin(field.type) in (Union, UnionType) else (field.type,)
    kinds = [part for part in parts if part is not type(None)]
    return kinds[0] if len(kinds) == 1 else None
