"""Choose the readers for an operation's replies. The WSDL determines the path to the result before any reply arrives.

The result is at `steps` below the element in the envelope's body. What the WSDL has there decides how it is read:

    a single element          find it by its tag, then read it                  `_single_reader`
    an element that repeats   find its parent, then read each occurrence        `_list_reader`, also `text_scanner`
    anything else             read everything as plain data, then step down it  `_stepping_reader`

The first two use the generated readers of `row_readers`. If these raise `Unreadable`, the element is read once more as
plain data, because the conversion of plain data by msgspec words the error with the place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from zeep.xsd import ComplexType

from graphfold.adapter.soap.envelope import Element, is_nil, local_name
from graphfold.adapter.soap.plain_data import PlainReaders, ReadElement
from graphfold.adapter.soap.row_readers import row_reader
from graphfold.adapter.soap.row_structs import WireType, list_item_type, row_struct_in
from graphfold.adapter.soap.text_scanner import ReplyScanner
from graphfold.adapter.soap.xsd_types import XsdType, child_elements
from graphfold.rows.decoder import Unreadable, convert_plain

__all__ = ["reply_reader", "reply_scanner"]


def reply_reader(xsd_type: XsdType, steps: Sequence[str], wire: WireType) -> ReadElement:
    """Return a reader of what lies at `steps` below an element of `xsd_type`, as `wire`. It raises `Unreadable`."""
    plain, target = PlainReaders(), _find_target(xsd_type, steps)
    if target is None:
        return _stepping_reader(plain.of(xsd_type), steps, wire)
    read_plain = plain.of(target.xsd_type, row_struct_in(wire))
    if not target.repeats:
        return _single_reader(row_reader(plain, target.xsd_type, wire), read_plain, steps, wire)
    item_type = list_item_type(wire)
    if item_type is None:
        return _stepping_reader(plain.of(xsd_type), steps, wire)
    return _list_reader(row_reader(plain, target.xsd_type, item_type), read_plain, steps[:-1], target.tag, wire)


def reply_scanner(xsd_type: XsdType, steps: Sequence[str], wire: WireType) -> ReplyScanner | None:
    """Return a scanner of what lies at `steps`, if that is an element that repeats and is read into a list of rows."""
    target, row = _find_target(xsd_type, steps), row_struct_in(wire)
    if target is None or not target.repeats or list_item_type(wire) is None or row is None:
        return None
    return ReplyScanner(target.tag, target.xsd_type, row)


class _Target(NamedTuple):
    """The element that steps lead to."""

    xsd_type: XsdType
    repeats: bool = False
    tag: str = ""


def _find_target(xsd_type: XsdType, steps: Sequence[str]) -> _Target | None:
    """Return None if the steps end at an attribute, lead through an element that repeats, or lead nowhere."""
    target = _Target(xsd_type)
    for step in steps:
        if not isinstance(target.xsd_type, ComplexType) or target.repeats:
            return None
        child = child_elements(target.xsd_type).get(step)
        if child is None:
            return None
        target = _Target(child.declaration.type, child.repeats, child.declaration.qname.text)
    return target


def _single_reader(read_row: ReadElement, read_plain: ReadElement, steps: Sequence[str], wire: WireType) -> ReadElement:
    def read(message: Element) -> Any:
        element = _element_at(message, steps)
        if element is None:
            return convert_plain(None, wire)
        try:
            return read_row(element)
        except Unreadable:
            return convert_plain(read_plain(element), wire)

    return read


def _list_reader(
    read_row: ReadElement, read_plain: ReadElement, steps: Sequence[str], tag: str, wire: WireType
) -> ReadElement:
    """Return a reader of the elements with `tag` below the one at `steps`. Other namespaces are accepted."""
    name = local_name(tag)

    def read(message: Element) -> Any:
        parent = _element_at(message, steps)
        if parent is None or is_nil(parent):
            return convert_plain(None, wire)
        # most tags are equal as a whole, which is cheaper than to split them
        items = [child for child in parent if (child_tag := child.tag) == tag or local_name(child_tag) == name]
        try:
            return [read_row(item) for item in items]
        except Unreadable:
            return convert_plain([read_plain(item) for item in items], wire)

    return read


def _stepping_reader(read_plain: ReadElement, steps: Sequence[str], wire: WireType) -> ReadElement:
    def read(message: Element) -> Any:
        value = read_plain(message)
        for step in steps:
            value = value.get(step) if isinstance(value, dict) else None
        return convert_plain(value, wire)

    return read


def _element_at(element: Element, steps: Sequence[str]) -> Element | None:
    """Return the element at `steps`; the last one if there are several, as in plain data."""
    for step in steps:
        element = next((child for child in reversed(element) if local_name(child.tag) == step), None)
        if element is None:
            return None
    return element
