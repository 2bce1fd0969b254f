"""Check values: by their Python types where that tells enough, once for a type instead of once for each value."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable
from functools import lru_cache
from inspect import CO_ITERABLE_COROUTINE
from math import isfinite
from types import CoroutineType, GeneratorType, GetSetDescriptorType, MemberDescriptorType, NoneType
from typing import Any, get_args

from graphql import GraphQLLeafType, GraphQLNonNull, GraphQLObjectType, GraphQLOutputType, Undefined
from msgspec import structs
from strawberry.types.base import StrawberryObjectDefinition

__all__ = [
    "UnusualValue",
    "decoded_in",
    "is_awaitable",
    "is_coerced",
    "is_of_type",
    "is_reread_safe",
    "leaf_check",
    "raise_unusual",
    "required_in",
    "some_awaitable",
]

DECODED = "row_class_"
"""Attribute of the classes of decoded rows. Reading an attribute of a decoded row has no effects."""

_AWAITABLE: dict[type, bool] = {CoroutineType: True}
_PLAIN: dict[type, bool] = {}
_CAST = "__as_strawberry_type__"
_MISSING = object()
_TUPLE_FIELD = type(namedtuple("_", "field").field)  # type: ignore[attr-defined]  # noqa: PYI024  # has no name
_SLOTS = (MemberDescriptorType, GetSetDescriptorType, _TUPLE_FIELD)
"""Descriptors that only fetch."""


def some_awaitable(values: Iterable[Any], kinds: Iterable[type]) -> bool:
    """Return whether one of these values, which are of these types, has to be awaited."""
    for kind in kinds:  # noqa: SIM110  # a generator expression costs more than the check
        if _is_awaitable_type(kind) or (kind is GeneratorType and any(map(is_awaitable, values))):
            return True
    return False


def is_awaitable(value: Any) -> bool:
    if type(value) is GeneratorType:  # one made by `types.coroutine` can be awaited
        return bool(value.gi_code.co_flags & CO_ITERABLE_COROUTINE)
    return _is_awaitable_type(type(value))


def _is_awaitable_type(kind: type) -> bool:
    awaitable = _AWAITABLE.get(kind)
    if awaitable is None:
        awaitable = _AWAITABLE[kind] = hasattr(kind, "__await__")
    return awaitable


def is_coerced(name: str, kind: type, values: list[Any]) -> bool:
    """Return whether values of this Python type are already what the built-in scalar `name` would make of them."""
    if kind is str:
        return name in ("String", "ID")
    if kind is int:
        return name == "Int" and -2147483649 < min(values) and max(values) < 2147483648
    if kind is float:
        return name == "Float" and all(map(isfinite, values))
    return kind is bool and name == "Boolean"


def decoded_in(row: Any, attribute: str) -> type | None:
    """Return the class of the decoded row that a decoded row has in this attribute; None for anything else."""
    declared = next((field.type for field in structs.fields(row) if field.name == attribute), None)
    parts = [part for part in (get_args(declared) or (declared,)) if part is not NoneType]
    return parts[0] if len(parts) == 1 and hasattr(parts[0], DECODED) else None


def is_of_type(declared: GraphQLObjectType, values: Iterable[Any], kinds: set[type]) -> bool:
    """Return whether Strawberry's own `is_type_of` would accept all of these, as far as their classes tell."""
    definition = (declared.extensions or {}).get("strawberry-definition")
    if not isinstance(definition, StrawberryObjectDefinition) or definition.is_type_of is not None:
        return False
    if not all(getattr(kind, "__strawberry_definition__", None) is definition for kind in kinds):
        return False
    if all(hasattr(kind, DECODED) for kind in kinds):
        return True  # `strawberry.cast` cannot have been used: these have no `__dict__` for its note
    return not any(_CAST in getattr(value, "__dict__", ()) for value in values)


def is_reread_safe(kind: type, names: Iterable[str]) -> bool:
    """Return whether these attributes of an object can be read twice without effects: reading them runs no code."""
    if kind is NoneType or hasattr(kind, DECODED):
        return True
    reads_itself = kind.__getattribute__ is not object.__getattribute__  # type: ignore[comparison-overlap]
    if reads_itself or hasattr(kind, "__getattr__"):
        return False
    return all(_is_plain_attribute(_class_attribute(kind, name)) for name in names)


def _class_attribute(kind: type, name: str) -> Any:
    """Return what the class has under a name, without running a descriptor."""
    return next((vars(base)[name] for base in kind.__mro__ if name in vars(base)), _MISSING)


def _is_plain_attribute(attribute: Any) -> bool:
    return isinstance(attribute, _SLOTS) or not hasattr(type(attribute), "__get__")


class UnusualValue(Exception):
    """A value that a row builder does not handle; the level is then completed value by value."""


def raise_unusual() -> Any:
    raise UnusualValue


def required_in(declared: GraphQLOutputType) -> tuple[bool, Any]:
    """Return whether a type is non-null, and the type without it."""
    return (True, declared.of_type) if isinstance(declared, GraphQLNonNull) else (False, declared)


@lru_cache(1024)
def leaf_check(declared: GraphQLLeafType, required: bool) -> Callable[[Any], Any]:
    """Return a function that coerces a plain value with the leaf type's own coercion, and raises for any other."""
    coerce = declared.coerce_output_value

    def check(value: Any) -> Any:
        if value is None and not required:
            return None
        if not _is_plain_type(type(value)):
            raise UnusualValue
        result = coerce(value)
        if result is None or result is Undefined:
            raise UnusualValue
        return result

    return check


def _is_plain_type(kind: type) -> bool:
    """Return whether values of a type can be coerced as they are: no null, no error, nothing to call or to await."""
    plain = _PLAIN.get(kind)
    if plain is None:
        null_or_error = issubclass(kind, NoneType | Exception | type(Undefined))
        active = any(_class_attribute(kind, name) is not _MISSING for name in ("__call__", "__await__", "__getattr__"))
        plain = _PLAIN[kind] = not (null_or_error or active)
    return plain
