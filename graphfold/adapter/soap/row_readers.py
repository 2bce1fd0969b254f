"""Generate functions that read an element into a row, from the element's XSD type and the row's struct.

Plain data and msgspec (`plain_data`) give the same result in two passes. A generated function walks over the children
once and calls the struct, which is several times faster. It handles the common case inline: elements in the WSDL's
namespace, text and whole numbers without surrounding blanks. For everything else (nil, blanks, another namespace,
missing or wrong content) it calls `fallback`, which is the two passes for this element. So the meaning of a reply and
the texts of errors are decided in one place.

A function has its source as docstring. A row with `Sku`, `OnHand` and a list of `Warehouse` gives

    def read(element):
        if not len(element) and is_nil(element):
            return fallback(element)
        f0 = UNSET
        f1 = UNSET
        f2 = []
        for child in element:
            tag = child.tag
            if tag == '{http://depot.example}Sku':
                f0 = child.text
                if not f0 or len(child):
                    f0 = read0(child)
            elif tag == '{http://depot.example}OnHand':
                f1 = child.text
                if f1 and f1.isdecimal() and f1.isascii() and len(f1) < 19 and not len(child):
                    f1 = int(f1)
                else:
                    f1 = read1(child)
            elif tag == '{http://depot.example}Warehouse':
                f2.append(read2(child))
            elif tag not in skipped and local_name(tag) in needed:
                return fallback(element)
        if f0 is UNSET or f1 is UNSET:
            return fallback(element)
        return new(sku=f0, on_hand=f1, warehouses=f2)

where `read0`, `read1` and `read2` are the readers of the children, the last one generated too; `new` is the struct;
`skipped` are the tags of the type that the row does not need; `needed` are the local names of those that it does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from textwrap import indent
from typing import Any

from msgspec import NODEFAULT, UNSET
from msgspec.structs import FieldInfo
from zeep.xsd import ComplexType

from graphfold.adapter.soap.envelope import Element, is_nil, local_name
from graphfold.adapter.soap.plain_data import PlainReaders, ReadElement
from graphfold.adapter.soap.row_structs import (
    RowStruct,
    WireType,
    fields_by_wire_name,
    list_item_type,
    row_struct_in,
    without_none,
)
from graphfold.adapter.soap.xsd_to_python import ParseValue, python_type, value_parser
from graphfold.adapter.soap.xsd_types import XsdType, attributes_by_name, child_elements, text_content_type
from graphfold.rows.decoder import convert_plain

__all__ = ["row_reader", "yields_wire_type"]

# Lines for one child element: `{f}` is the variable of the field, `{read}` the reader that handles every case.
_TEXT = """\
{f} = child.text
if not {f} or len(child):
    {f} = {read}(child)"""
# 18 digits are an int of 64 bits at most, so that an endless number costs no time
_INTEGER = """\
{f} = child.text
if {f} and {f}.isdecimal() and {f}.isascii() and len({f}) < 19 and not len(child):
    {f} = int({f})
else:
    {f} = {read}(child)"""
_REPEATED = "{f}.append({read}(child))"
_BY_READER = "{f} = {read}(child)"


def row_reader(plain: PlainReaders, xsd_type: XsdType, wire: WireType) -> ReadElement:
    """Return a reader of elements of `xsd_type` as `wire`."""
    read_plain = plain.of(xsd_type, row_struct_in(wire))

    def fallback(element: Element) -> Any:
        return convert_plain(read_plain(element), wire)

    if not isinstance(xsd_type, ComplexType):
        parse = _wire_value_parser(xsd_type, wire)

        def read(element: Element) -> Any:
            text = element.text
            return parse(text) if text and not len(element) and not text.isspace() else fallback(element)

        return read
    row = row_struct_in(wire)
    if row is None or list_item_type(wire) is not None:
        return fallback
    generator = _ReaderGenerator(plain, xsd_type, row, fallback)
    return generator.generate() if generator.can_fill_row() else fallback


def yields_wire_type(xsd_type: XsdType, wire: WireType) -> bool:
    """Return whether the parsed values of the XSD type are of the wire type, so that msgspec need not convert them."""
    wire = without_none(wire)
    return python_type(xsd_type) is getattr(wire, "__supertype__", wire)


def _wire_value_parser(xsd_type: XsdType, wire: WireType) -> ParseValue:
    parse = value_parser(xsd_type)
    return parse if yields_wire_type(xsd_type, wire) else lambda text: convert_plain(parse(text), wire)


@dataclass(frozen=True, slots=True)
class _Slot:
    """A field that is filled from the element. The properties are the names in the generated source."""

    field: FieldInfo
    xsd: Any
    repeats: bool = False
    index: int = 0

    @property
    def variable(self) -> str:
        return f"f{self.index}"

    @property
    def reader(self) -> str:
        return f"read{self.index}"

    @property
    def initial(self) -> str:
        """The expression for the variable before anything is read."""
        if self.repeats:
            return "[]"
        if self.field.required:
            return "UNSET"
        return f"default{self.index}" + ("()" if self.field.default is NODEFAULT else "")


class _ReaderGenerator:
    """Writes the source of one function: a branch for each child element, some lines for each attribute."""

    def __init__(self, plain: PlainReaders, xsd_type: XsdType, row: RowStruct, fallback: ReadElement) -> None:
        self.plain, self.fields = plain, fields_by_wire_name(row)
        self.elements, self.text_type = child_elements(xsd_type), text_content_type(xsd_type)
        self.attributes: Mapping[str, Any] = attributes_by_name(xsd_type)
        self.scope: dict[str, Any] = {
            "UNSET": UNSET,
            "is_nil": is_nil,
            "local_name": local_name,
            "fallback": fallback,
            "new": row,
        }

    def can_fill_row(self) -> bool:
        """Return whether the type has everything that the row requires, and lists for elements that repeat."""
        return all(self._can_fill(name, field) for name, field in self.fields.items())

    def generate(self) -> ReadElement:
        """Compile the function."""
        source = self._source()
        exec(source, self.scope)  # noqa: S102  # made of the WSDL's types and names, never of data
        read: ReadElement = self.scope["read"]
        read.__doc__ = source
        return read

    def _source(self) -> str:
        children = [self._slot(name, *self.elements[name]) for name in self.elements if name in self.fields]
        attributes = [
            self._slot(f"@{name}", attribute)
            for name, attribute in self.attributes.items()
            if f"@{name}" in self.fields
        ]
        text = [self._slot("#text", self.text_type)] if self.text_type is not None and "#text" in self.fields else []
        blocks = ["if not len(element) and is_nil(element):\n    return fallback(element)"]
        blocks += self._child_loop(children) if children else []
        blocks += [self._attribute_lines(slot) for slot in attributes]
        blocks += [self._text_lines(slot) for slot in text]
        values = ", ".join(f"{slot.field.name}={slot.variable}" for slot in (*children, *attributes, *text))
        return f"def read(element):\n{_indented(blocks)}\n    return new({values})\n"

    def _can_fill(self, name: str, field: FieldInfo) -> bool:
        if name in self.elements:
            return not self.elements[name].repeats or list_item_type(field.type) is not None
        is_text = name == "#text" and self.text_type is not None
        return not field.required or is_text or (name[0] == "@" and name[1:] in self.attributes)

    def _slot(self, name: str, xsd: Any, repeats: bool = False) -> _Slot:
        slot = _Slot(self.fields[name], xsd, repeats, list(self.fields).index(name))
        has_factory = slot.field.default is NODEFAULT
        self.scope[f"default{slot.index}"] = slot.field.default_factory if has_factory else slot.field.default
        return slot

    def _child_loop(self, slots: list[_Slot]) -> list[str]:
        """Return the loop over the children, with the initial values before it and the check for missing ones after."""
        tags = {slot.xsd.qname.text for slot in slots}
        self.scope["needed"] = {local_name(tag) for tag in tags}
        self.scope["skipped"] = {child.declaration.qname.text for child in self.elements.values()} - tags
        branches = "\nel".join([self._branch(slot) for slot in slots]) + self._early_end(slots)
        otherwise = "elif tag not in skipped and local_name(tag) in needed:\n    return fallback(element)"
        loop = "for child in element:\n" + _indented(["tag = child.tag", branches, otherwise])
        missing = " or ".join(f"{slot.variable} is UNSET" for slot in slots if slot.initial == "UNSET")
        check = [f"if {missing}:\n    return fallback(element)"] if missing else []
        return [*[f"{slot.variable} = {slot.initial}" for slot in slots], loop, *check]

    def _branch(self, slot: _Slot) -> str:
        """Return the lines for one child element: text and whole numbers inline, everything else by a reader."""
        xsd_type, wire = slot.xsd.type, list_item_type(slot.field.type) if slot.repeats else slot.field.type
        self.scope[slot.reader] = row_reader(self.plain, xsd_type, wire)
        block = _REPEATED if slot.repeats else _BY_READER
        if not slot.repeats and not isinstance(xsd_type, ComplexType) and yields_wire_type(xsd_type, wire):
            block = {str: _TEXT, int: _INTEGER}.get(python_type(xsd_type) or object, _BY_READER)
        lines = block.format(f=slot.variable, read=slot.reader)
        return f"if tag == {slot.xsd.qname.text!r}:\n" + _indented([lines])

    def _early_end(self, slots: list[_Slot]) -> str:
        """Return lines that end the loop once the last needed element in the WSDL's order was read.

        There are none if that is the last of all, or if an initial value does not show whether it was replaced.
        """
        is_last = slots[-1].xsd is list(self.elements.values())[-1].declaration
        if is_last or any(slot.initial.endswith(("[]", "()")) for slot in slots):
            return ""
        complete = " and ".join(f"{slot.variable} is not {slot.initial}" for slot in slots)
        return "\n" + _indented([f"if {complete}:\n    break"])

    def _attribute_lines(self, slot: _Slot) -> str:
        self.scope[slot.reader] = _wire_value_parser(slot.xsd.type, slot.field.type)
        f = slot.variable
        absent = "return fallback(element)" if slot.initial == "UNSET" else f"{f} = {slot.initial}"
        get = f"{f} = element.get({slot.xsd.qname.text!r})"
        return f"{get}\nif {f} is None:\n    {absent}\nelse:\n    {f} = {slot.reader}({f})"

    def _text_lines(self, slot: _Slot) -> str:
        self.scope[slot.reader] = _wire_value_parser(slot.xsd, slot.field.type)
        return f"{slot.variable} = {slot.reader}(element.text or '')"


def _indented(blocks: list[str]) -> str:
    return indent("\n".join(blocks), "    ")
