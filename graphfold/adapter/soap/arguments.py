"""What adapters may pass for a complex type: dicts, dataclasses, lists of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from graphfold.adapter.soap.texts import Misfit

__all__ = ["TEXT", "fields_in", "for_zeep"]

TEXT = "_value_1"
"""What zeep calls the text of an element that has attributes too."""


def fields_in(value: Any) -> Mapping[str, Any]:
    """Values by element or attribute name."""
    if isinstance(value, Mapping):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    raise Misfit(f"{type(value).__name__} given, a dict or dataclass wanted")


def for_zeep(value: Any) -> Any:
    """The same in dicts and lists, the only forms that zeep knows."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping) or (is_dataclass(value) and not isinstance(value, type)):
        return {name: for_zeep(each) for name, each in fields_in(value).items()}
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return [for_zeep(each) for each in value]
    return value
