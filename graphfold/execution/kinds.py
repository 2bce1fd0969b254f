"""Questions asked once for a Python type instead of once for each value."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite
from types import CoroutineType
from typing import Any

from strawberry.types.base import StrawberryObjectDefinition

__all__ = ["is_of_kind", "passes", "waits"]

_AWAITABLE: dict[type, bool] = {CoroutineType: True}
_CAST = "__as_strawberry_type__"


def waits(kinds: Iterable[type]) -> bool:
    """Does a value of one of these types have to be awaited?"""
    for kind in kinds:
        known = _AWAITABLE.get(kind)
        if known is None:
            known = _AWAITABLE[kind] = hasattr(kind, "__await__")
        if known:
            return True
    return False


def passes(name: str, kind: type, values: list[Any]) -> bool:
    """Are values of this Python type already what the built-in scalar `name` would make of them?"""
    if kind is str:
        return name in ("String", "ID")
    if kind is int:
        return name == "Int" and -2147483649 < min(values) and max(values) < 2147483648
    if kind is float:
        return name == "Float" and all(map(isfinite, values))
    return kind is bool and name == "Boolean"


def is_of_kind(declared: Any, values: list[Any], kinds: set[type]) -> bool:
    """Would Strawberry's own `is_type_of` take all of these, as can be told from their classes?"""
    definition = (declared.extensions or {}).get("strawberry-definition")
    if not isinstance(definition, StrawberryObjectDefinition) or definition.is_type_of is not None:
        return False
    if not all(issubclass(kind, definition.origin) for kind in kinds):
        return False
    return not any(_CAST in getattr(value, "__dict__", ()) for value in values)
