"""Questions asked once for a Python type instead of once for each value."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable
from functools import lru_cache
from inspect import CO_ITERABLE_COROUTINE
from math import isfinite
from types import CoroutineType, GeneratorType, GetSetDescriptorType, MemberDescriptorType, NoneType
from typing import Any, get_args

from graphql import GraphQLNonNull, Undefined
from msgspec import structs
from strawberry.types.base import StrawberryObjectDefinition

__all__ = [
    "UnusualValue",
    "decoded_in",
    "is_of_kind",
    "is_simply_a_value",
    "leaf_check",
    "no",
    "passes",
    "reads_alike",
    "required_in",
    "waits",
    "waits_for",
]

DECODED = "row_class_"
"""What marks a decoded row, whose attributes compute without effects."""

_AWAITABLE: dict[type, bool] = {CoroutineType: True}
_SIMPLE: dict[type, bool] = {}
_CAST = "__as_strawberry_type__"
_MISSING = object()
_TUPLE_FIELD = type(namedtuple("_", "field").field)  # type: ignore[attr-defined]  # noqa: PYI024  # has no name
_SLOTS = (MemberDescriptorType, GetSetDescriptorType, _TUPLE_FIELD)
"""Descriptors that only fetch."""


def waits(values: Iterable[Any], kinds: Iterable[type]) -> bool:
    """Does one of these values, which are of these types, have to be awaited?"""
    for kind in kinds:  # noqa: SIM110  # a generator expression costs more than the question
        if _awaitable(kind) or (kind is GeneratorType and any(map(waits_for, values))):
            return True
    return False


def waits_for(value: Any) -> bool:
    """Does this value have to be awaited?"""
    if type(value) is GeneratorType:
        return bool(value.gi_code.co_flags & CO_ITERABLE_COROUTINE)
    return _awaitable(type(value))


def _awaitable(kind: type) -> bool:
    known = _AWAITABLE.get(kind)
    if known is None:
        known = _AWAITABLE[kind] = hasattr(kind, "__await__")
    return known


def is_simply_a_value(kind: type) -> bool:
    """Can values of this type be coerced as they are: no null, no error, nothing to call or to await?"""
    known = _SIMPLE.get(kind)
    if known is None:
        trouble = issubclass(kind, NoneType | Exception | type(Undefined))
        active = any(_found(kind, name) is not _MISSING for name in ("__call__", "__await__", "__getattr__"))
        known = _SIMPLE[kind] = not (trouble or active)
    return known


def passes(name: str, kind: type, values: list[Any]) -> bool:
    """Are values of this Python type already what the built-in scalar `name` would make of them?"""
    if kind is str:
        return name in ("String", "ID")
    if kind is int:
        return name == "Int" and -2147483649 < min(values) and max(values) < 2147483648
    if kind is float:
        return name == "Float" and all(map(isfinite, values))
    return kind is bool and name == "Boolean"


def decoded_in(row: Any, attribute: str) -> type | None:
    """The class of the decoded row that stands in this attribute of a decoded row; None for anything else."""
    declared = next((field.type for field in structs.fields(row) if field.name == attribute), None)
    parts = [part for part in (get_args(declared) or (declared,)) if part is not NoneType]
    return parts[0] if len(parts) == 1 and hasattr(parts[0], DECODED) else None


def is_of_kind(declared: Any, values: Iterable[Any], kinds: set[type]) -> bool:
    """Would Strawberry's own `is_type_of` take all of these, as can be told from their classes?"""
    definition = (declared.extensions or {}).get("strawberry-definition")
    if not isinstance(definition, StrawberryObjectDefinition) or definition.is_type_of is not None:
        return False
    if not all(getattr(kind, "__strawberry_definition__", None) is definition for kind in kinds):
        return False
    if all(hasattr(kind, DECODED) for kind in kinds):
        return True  # nothing can have been cast: they have no place to note it
    return not any(_CAST in getattr(value, "__dict__", ()) for value in values)


def reads_alike(kind: type, names: Iterable[str]) -> bool:
    """Can these attributes of an object be read twice without anybody noticing? Not where reading them runs code."""
    if kind is NoneType or hasattr(kind, DECODED):
        return True
    if _reader(kind) is not _reader(object) or hasattr(kind, "__getattr__"):
        return False
    return all(_is_plain(_found(kind, name)) for name in names)


def _reader(kind: type) -> Any:
    return kind.__getattribute__


def _found(kind: type, name: str) -> Any:
    """What the class itself says of an attribute, without asking it."""
    return next((vars(base)[name] for base in kind.__mro__ if name in vars(base)), _MISSING)


def _is_plain(attribute: Any) -> bool:
    return isinstance(attribute, _SLOTS) or not hasattr(type(attribute), "__get__")


class UnusualValue(Exception):
    """Something a builder does not do."""


def required_in(declared: Any) -> tuple[bool, Any]:
    required = isinstance(declared, GraphQLNonNull)
    return required, declared.of_type if required else declared


def no() -> Any:
    raise UnusualValue


@lru_cache(1024)
def leaf_check(kind: Any, required: bool) -> Callable[[Any], Any]:
    """The leaf type's own coercion, for values that are simply values."""
    coerce = kind.coerce_output_value

    def checked(value: Any) -> Any:
        if value is None and not required:
            return None
        if not is_simply_a_value(type(value)):
            raise UnusualValue
        result = coerce(value)
        if result is None or result is Undefined:
            raise UnusualValue
        return result

    return checked
