"""What an operation answers, found in its message: which path leads there is known from the WSDL before any reply."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zeep.xsd import ComplexType

from graphfold.adapter.soap.message import Element, is_nil, local
from graphfold.adapter.soap.plain import Plain, elements_in
from graphfold.adapter.soap.reading import Read, reader
from graphfold.adapter.soap.wanted import item_of, wanted_in
from graphfold.rows.decoder import Unreadable, checked

__all__ = ["answer_reader"]


def answer_reader(xsd_type: Any, steps: Sequence[str], wire: Any) -> Read:
    """A reader of what lies at `steps` below an element of `xsd_type`, as the msgspec type `wire`.

    It raises `Unreadable`, with the place: what cannot be read is read again in two steps, which know it.
    """
    plain, below, listed, tag = Plain(), xsd_type, False, ""
    for step in steps:
        known = elements_in(below).get(step) if isinstance(below, ComplexType) and not listed else None
        if known is None:
            return _in_two_steps(plain.of(xsd_type), steps, wire)
        element, listed = known
        below, tag = element.type, element.qname.text
    read_plain = plain.of(below, wanted_in(wire))
    if not listed:
        return _single(reader(plain, below, wire), read_plain, steps, wire)
    if item_of(wire) is None:
        return _in_two_steps(plain.of(xsd_type), steps, wire)
    return _listed(reader(plain, below, item_of(wire)), read_plain, (*steps[:-1], tag), wire)


def _single(read: Read, read_plain: Read, steps: Sequence[str], wire: Any) -> Read:
    def read_single(message: Element) -> Any:
        found = _last(message, steps)
        if found is None:
            return checked(None, wire)
        try:
            return read(found)
        except Unreadable:
            return checked(read_plain(found), wire)

    return read_single


def _listed(read: Read, read_plain: Read, steps: Sequence[str], wire: Any) -> Read:
    *above, tag = steps
    name = local(tag)

    def read_listed(message: Element) -> Any:
        parent = _last(message, above)
        if parent is None or is_nil(parent):
            return checked(None, wire)
        found = [child for child in parent if (known := child.tag) == tag or local(known) == name]
        try:
            return [read(child) for child in found]
        except Unreadable:
            return checked([read_plain(child) for child in found], wire)

    return read_listed


def _in_two_steps(read_plain: Read, steps: Sequence[str], wire: Any) -> Read:
    """For steps that end at an attribute, lead through a list, or nowhere."""

    def read(message: Element) -> Any:
        value = read_plain(message)
        for step in steps:
            value = value.get(step) if isinstance(value, dict) else None
        return checked(value, wire)

    return read


def _last(element: Element, steps: Sequence[str]) -> Element | None:
    """What the steps lead to: the last, where there are several."""
    for step in steps:
        element = next((child for child in reversed(element) if local(child.tag) == step), None)
        if element is None:
            return None
    return element
