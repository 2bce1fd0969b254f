"""What an operation answers, found in its message: which path leads there is known from the WSDL before any reply."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from zeep.xsd import ComplexType

from graphfold.adapter.soap.message import Element, is_nil, local
from graphfold.adapter.soap.plain import Plain, elements_in
from graphfold.adapter.soap.reading import Read, reader
from graphfold.adapter.soap.scanner import Scanner
from graphfold.adapter.soap.wanted import item_of, wanted_in
from graphfold.rows.decoder import Unreadable, convert_plain

__all__ = ["answer_reader", "answer_scanner"]


def answer_reader(xsd_type: Any, steps: Sequence[str], wire: Any) -> Read:
    """A reader of what lies at `steps` below an element of `xsd_type`, as the msgspec type `wire`.

    It raises `Unreadable`, with the place: what cannot be read is read again in two steps, which know it.
    """
    plain, end = Plain(), _end(xsd_type, steps)
    if end is None:
        return _in_two_steps(plain.of(xsd_type), steps, wire)
    read_plain = plain.of(end.type, wanted_in(wire))
    if not end.listed:
        return _single(reader(plain, end.type, wire), read_plain, steps, wire)
    if item_of(wire) is None:
        return _in_two_steps(plain.of(xsd_type), steps, wire)
    return _listed(reader(plain, end.type, item_of(wire)), read_plain, (*steps[:-1], end.tag), wire)


def answer_scanner(xsd_type: Any, steps: Sequence[str], wire: Any) -> Scanner | None:
    """A scanner of what lies at `steps`, where that is a list of elements and rows are wanted of them."""
    end, wanted = _end(xsd_type, steps), wanted_in(wire)
    listed = end is not None and end.listed and item_of(wire) is not None
    return Scanner(end.tag, end.type, wanted) if end is not None and listed and wanted is not None else None


class _End(NamedTuple):
    """The element that steps lead to: its type, whether it repeats, its tag."""

    type: Any
    listed: bool = False
    tag: str = ""


def _end(xsd_type: Any, steps: Sequence[str]) -> _End | None:
    """None where the steps end at an attribute, lead through a list, or nowhere."""
    end = _End(xsd_type)
    for step in steps:
        known = elements_in(end.type).get(step) if isinstance(end.type, ComplexType) and not end.listed else None
        if known is None:
            return None
        element, listed = known
        end = _End(element.type, listed, element.qname.text)
    return end


def _single(read: Read, read_plain: Read, steps: Sequence[str], wire: Any) -> Read:
    def read_single(message: Element) -> Any:
        found = _last(message, steps)
        if found is None:
            return convert_plain(None, wire)
        try:
            return read(found)
        except Unreadable:
            return convert_plain(read_plain(found), wire)

    return read_single


def _listed(read: Read, read_plain: Read, steps: Sequence[str], wire: Any) -> Read:
    *above, tag = steps
    name = local(tag)

    def read_listed(message: Element) -> Any:
        parent = _last(message, above)
        if parent is None or is_nil(parent):
            return convert_plain(None, wire)
        found = [child for child in parent if (known := child.tag) == tag or local(known) == name]
        try:
            return [read(child) for child in found]
        except Unreadable:
            return convert_plain([read_plain(child) for child in found], wire)

    return read_listed


def _in_two_steps(read_plain: Read, steps: Sequence[str], wire: Any) -> Read:
    """For steps that end at an attribute, lead through a list, or nowhere."""

    def read(message: Element) -> Any:
        value = read_plain(message)
        for step in steps:
            value = value.get(step) if isinstance(value, dict) else None
        return convert_plain(value, wire)

    return read


def _last(element: Element, steps: Sequence[str]) -> Element | None:
    """What the steps lead to: the last, where there are several."""
    for step in steps:
        element = next((child for child in reversed(element) if local(child.tag) == step), None)
        if element is None:
            return None
    return element
