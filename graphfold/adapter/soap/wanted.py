"""What a row wants of an element, as the msgspec types of its decoder say it."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from msgspec import Struct, UnsetType
from msgspec.structs import FieldInfo, fields

__all__ = ["Wanted", "bare", "item_of", "wanted_in", "wanted_of"]

Wanted = type[Struct]


def bare(wire: Any) -> Any:
    """The type without "or None" and "or unset"; other unions are left alone."""
    if get_origin(wire) in (Union, UnionType):
        kept = [part for part in get_args(wire) if part not in (NoneType, UnsetType)]
        return kept[0] if len(kept) == 1 else wire
    return wire


def item_of(wire: Any) -> Any:
    """The type of a list's items; None for what is no list."""
    wire = bare(wire)
    return get_args(wire)[0] if get_origin(wire) is list else None


def wanted_in(wire: Any) -> Wanted | None:
    """The struct that it is, or a list of; None where all is wanted as it comes."""
    wire = bare(item_of(wire) or wire)
    is_struct = isinstance(wire, type) and not get_args(wire) and issubclass(wire, Struct)
    return wire if is_struct and _is_plain(wire.__struct_config__) else None


def wanted_of(wanted: Wanted) -> dict[str, FieldInfo]:
    """Its fields by their names in the reply: "Sku", "@currency", "#text"."""
    return {field.encode_name: field for field in fields(wanted)}


def _is_plain(config: Any) -> bool:
    """An object by names: no tag, no array, and more may come than is wanted."""
    return config.tag is None and not config.array_like and not config.forbid_unknown_fields
