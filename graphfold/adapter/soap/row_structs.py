"""Look up what a row needs of a reply: the msgspec type that it is decoded into, which `rows/structs` makes for it.

Such a type is a struct with the needed fields only, or a list of structs, or either of them "or None" or "or unset".
The name of a field in the reply is its encoded name.
"""

from __future__ import annotations

from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from msgspec import Struct, UnsetType
from msgspec.structs import FieldInfo, fields

__all__ = ["RowStruct", "WireType", "fields_by_wire_name", "list_item_type", "row_struct_in", "without_none"]

WireType = Any
"""A type that msgspec decodes: a class, or a form such as `list[X]` and `X | None`, which have no common type."""

RowStruct = type[Struct]


def without_none(wire: WireType) -> WireType:
    """Return the type without "or None" and "or unset"; other unions as they are."""
    origin: object = get_origin(wire)
    if origin in (Union, UnionType):
        kept = [part for part in get_args(wire) if part not in (NoneType, UnsetType)]
        return kept[0] if len(kept) == 1 else wire
    return wire


def list_item_type(wire: WireType) -> WireType | None:
    """Return the type of a list's items; None for other types."""
    wire = without_none(wire)
    origin: object = get_origin(wire)
    return get_args(wire)[0] if origin is list else None


def row_struct_in(wire: WireType) -> RowStruct | None:
    """Return the struct that the type is, or is a list of.

    Return None for types that need everything, and for structs that the generated readers do not make: those with a
    tag, those that are arrays, those that refuse unknown fields.
    """
    wire = without_none(list_item_type(wire) or wire)
    if not isinstance(wire, type) or get_args(wire) or not issubclass(wire, Struct):
        return None
    config = wire.__struct_config__
    return None if config.tag is not None or config.array_like or config.forbid_unknown_fields else wire


def fields_by_wire_name(row: RowStruct) -> dict[str, FieldInfo]:
    """Return the fields of a struct by their names in the reply: `Sku`, `@currency`, `#text`."""
    return {field.encode_name: field for field in fields(row)}
