"""Read elements into plain data (dicts, lists, values) by their XSD types.

A complex element becomes a dict of its children by local name, with attributes as "@name" and text content as "#text".
A child that may repeat is always a list; an absent one is not in the dict; nil is None; an empty string stays "".
Elements that the WSDL does not declare, or that the row does not need, are skipped. So

    <Price currency="EUR">12.30</Price><Sku>A-1</Sku>       {"Price": {"@currency": "EUR", "#text": Decimal("12.30")},
    <Warehouse><Code>N</Code></Warehouse>                    "Sku": "A-1", "Warehouse": [{"Code": "N"}]}

This reads fault details, and everything that the faster readers of `row_readers` leave to it; msgspec then converts the
plain data to rows. It defines what a reply means: `row_readers` and `text_scanner` must give the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from zeep.xsd import ComplexType

from graphfold.adapter.soap.envelope import Element, has_nil_attribute, is_nil, local_name
from graphfold.adapter.soap.row_structs import RowStruct, fields_by_wire_name, row_struct_in
from graphfold.adapter.soap.xsd_to_python import ParseValue, python_type, value_parser
from graphfold.adapter.soap.xsd_types import XsdType, attributes_by_name, child_elements, text_content_type
from graphfold.rows.decoder import Unreadable

__all__ = ["PlainReaders", "ReadElement"]

ReadElement = Callable[[Element], Any]
"""Returns what an element holds: plain data or a row. It raises `Unreadable`."""


class PlainReaders:
    """Makes one reader for each type and row, since types may refer to themselves."""

    def __init__(self) -> None:
        # keys have the id of a type, so the type is kept: its id must not be used again
        self._made: dict[tuple[int, RowStruct | None], tuple[XsdType, ReadElement]] = {}

    def of(self, xsd_type: XsdType, row: RowStruct | None = None) -> ReadElement:
        """Return a reader of elements of this type, with only the fields of `row` if it is given."""
        if not isinstance(xsd_type, ComplexType):
            return _simple_reader(xsd_type)
        key = id(xsd_type), row
        if key not in self._made:
            fields = None if row is None else fields_by_wire_name(row)
            children: dict[str, tuple[ReadElement, bool]] = {}
            # stored before `children` is filled, for types that contain themselves
            self._made[key] = xsd_type, _complex_reader(xsd_type, children, fields)
            for name, (element, repeats) in child_elements(xsd_type).items():
                if fields is None:
                    children[name] = self.of(element.type), repeats
                elif name in fields:
                    children[name] = self.of(element.type, row_struct_in(fields[name].type)), repeats
        return self._made[key][1]


def _complex_reader(
    xsd_type: XsdType, children: dict[str, tuple[ReadElement, bool]], needed: Collection[str] | None
) -> ReadElement:
    """Return a reader of a complex type; `needed` are the names of the row's fields, None for all.

    `children` are the readers of its child elements, each with whether the child repeats; they may be added later.
    """
    attributes: dict[str, tuple[str, ParseValue]] = {
        attribute.qname.text: (f"@{name}", value_parser(attribute.type))
        for name, attribute in attributes_by_name(xsd_type).items()
        if needed is None or f"@{name}" in needed
    }
    text_type = text_content_type(xsd_type)
    parse_text = value_parser(text_type) if text_type is not None and (needed is None or "#text" in needed) else None

    def read(element: Element) -> Any:
        if is_nil(element):
            return None
        data: dict[str, Any] = {name: [] for name, (_, repeats) in children.items() if repeats}
        for child in element:
            name = local_name(child.tag)
            if name in children:
                read_child, repeats = children[name]
                if repeats:
                    data[name].append(read_child(child))
                else:
                    data[name] = read_child(child)
        for tag, value in element.attrib.items():
            if tag in attributes:
                name, parse = attributes[tag]
                data[name] = parse(value)
        if parse_text is not None:
            data["#text"] = parse_text(element.text or "")
        return data

    return read


def _simple_reader(xsd_type: XsdType) -> ReadElement:
    parse, is_text = value_parser(xsd_type), python_type(xsd_type) is str

    def read(element: Element) -> Any:
        if len(element):
            raise Unreadable(f"<{local_name(element.tag)}> holds elements instead of a value")
        text = element.text or ""
        empty = not text if is_text else not text.strip()
        return None if empty and has_nil_attribute(element) else parse(text)

    return read
