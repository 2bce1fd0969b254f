"""Functions generated from a WSDL's types and a row's: they walk an element once and build what rows are made of.

The result is what `plain` and msgspec make of the same element in two steps, several times faster: the common case is
written out field by field, and whatever is out of the common (nil, blanks, another namespace, all that is wrong) is
left to those two. A function carries its source as its docstring; `Sku`, `OnHand` and a list of `Warehouse` give

    def read(element):
        if not len(element) and is_nil(element):
            return anew(element)
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
            elif tag not in unwanted and local(tag) in wanted:
                return anew(element)
        if f0 is UNSET or f1 is UNSET:
            return anew(element)
        return new(sku=f0, on_hand=f1, warehouses=f2)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from textwrap import indent
from typing import Any

from msgspec import NODEFAULT, UNSET
from msgspec.structs import FieldInfo
from zeep.xsd import ComplexType

from graphfold.adapter.soap.message import Element, is_nil, local
from graphfold.adapter.soap.plain import Plain, attributes_in, elements_in, text_type_in
from graphfold.adapter.soap.values import kind_of, value_reader
from graphfold.adapter.soap.wanted import Wanted, bare, item_of, wanted_in, wanted_of
from graphfold.rows.decoder import convert_plain

__all__ = ["Read", "is_kind", "reader"]

Read = Callable[[Element], Any]

_TEXT = """\
{f} = child.text
if not {f} or len(child):
    {f} = {read}(child)"""
_INTEGER = """\
{f} = child.text
if {f} and {f}.isdecimal() and {f}.isascii() and len({f}) < 19 and not len(child):
    {f} = int({f})
else:
    {f} = {read}(child)"""
_LISTED = "{f}.append({read}(child))"
_OTHER = "{f} = {read}(child)"


def reader(plain: Plain, xsd_type: Any, wire: Any) -> Read:
    """A reader of elements of `xsd_type` as `wire`."""
    anew = _anew(plain, xsd_type, wire)
    if not isinstance(xsd_type, ComplexType):
        return _simple(xsd_type, wire, anew)
    wanted = wanted_in(wire)
    if wanted is None or item_of(wire) is not None:
        return anew
    function = _Function(plain, xsd_type, wanted, anew)
    return function.made() if function.fits() else anew


def _anew(plain: Plain, xsd_type: Any, wire: Any) -> Read:
    read_plain = plain.of(xsd_type, wanted_in(wire))
    return lambda element: convert_plain(read_plain(element), wire)


def _simple(xsd_type: Any, wire: Any, anew: Read) -> Read:
    value = _value_reader(xsd_type, wire)

    def read(element: Element) -> Any:
        text = element.text
        return value(text) if text and not len(element) and not text.isspace() else anew(element)

    return read


def _value_reader(xsd_type: Any, wire: Any) -> Callable[[str], Any]:
    read = value_reader(xsd_type)
    return read if is_kind(xsd_type, wire) else lambda text: convert_plain(read(text), wire)


def is_kind(xsd_type: Any, wire: Any) -> bool:
    """Whether a value of the XSD type is one of the wire type as it is."""
    wire = bare(wire)
    return kind_of(xsd_type) is getattr(wire, "__supertype__", wire)


@dataclass(frozen=True, slots=True)
class _Slot:
    """A field that is filled from the element: `f` is its variable, the other names are in the function's scope."""

    field: FieldInfo
    xsd: Any
    listed: bool = False
    index: int = 0

    @property
    def f(self) -> str:
        return f"f{self.index}"

    @property
    def read(self) -> str:
        return f"read{self.index}"

    @property
    def default(self) -> str:
        """What the variable is before anything is found."""
        if self.listed:
            return "[]"
        if self.field.required:
            return "UNSET"
        return f"default{self.index}" + ("()" if self.field.default is NODEFAULT else "")


class _Function:
    """Writes one function: a branch for each wanted element, some lines for each attribute."""

    def __init__(self, plain: Plain, xsd_type: Any, wanted: Wanted, anew: Read) -> None:
        self.plain, self.fields = plain, wanted_of(wanted)
        self.elements, self.text = elements_in(xsd_type), text_type_in(xsd_type)
        self.attributes = attributes_in(xsd_type)
        self.scope: dict[str, Any] = {"UNSET": UNSET, "is_nil": is_nil, "local": local, "anew": anew, "new": wanted}

    def fits(self) -> bool:
        """Whether all that must be there can be there, as a list where it may repeat."""
        return all(self._fits(name, field) for name, field in self.fields.items())

    def made(self) -> Read:
        source = self.source()
        exec(source, self.scope)  # noqa: S102  # made of the WSDL's types and names, never of data
        read: Read = self.scope["read"]
        read.__doc__ = source
        return read

    def source(self) -> str:
        inner = [self._slot(name, *self.elements[name]) for name in self.elements if name in self.fields]
        attributes = [
            self._slot(f"@{name}", each) for name, each in self.attributes.items() if f"@{name}" in self.fields
        ]
        text = [self._slot("#text", self.text)] if self.text is not None and "#text" in self.fields else []
        body = ["if not len(element) and is_nil(element):\n    return anew(element)"]
        body += self._children(inner) if inner else []
        body += [self._attribute(slot) for slot in attributes] + [self._text(slot) for slot in text]
        values = ", ".join(f"{slot.field.name}={slot.f}" for slot in (*inner, *attributes, *text))
        return f"def read(element):\n{_indented(body)}\n    return new({values})\n"

    def _fits(self, name: str, field: FieldInfo) -> bool:
        if name in self.elements:
            return not self.elements[name][1] or item_of(field.type) is not None
        is_own = name == "#text" and self.text is not None
        return not field.required or is_own or (name[0] == "@" and name[1:] in self.attributes)

    def _slot(self, name: str, xsd: Any, listed: bool = False) -> _Slot:
        slot = _Slot(self.fields[name], xsd, listed, list(self.fields).index(name))
        factory = slot.field.default is NODEFAULT
        self.scope[f"default{slot.index}"] = slot.field.default_factory if factory else slot.field.default
        return slot

    def _children(self, slots: list[_Slot]) -> list[str]:
        tags = {slot.xsd.qname.text for slot in slots}
        self.scope["wanted"] = {local(tag) for tag in tags}
        self.scope["unwanted"] = {element.qname.text for element, _ in self.elements.values()} - tags
        branches = "\nel".join([self._branch(slot) for slot in slots]) + self._enough(slots)
        otherwise = "elif tag not in unwanted and local(tag) in wanted:\n    return anew(element)"
        walk = "for child in element:\n" + _indented(["tag = child.tag", branches, otherwise])
        missing = " or ".join(f"{slot.f} is UNSET" for slot in slots if slot.default == "UNSET")
        ending = [f"if {missing}:\n    return anew(element)"] if missing else []
        return [*[f"{slot.f} = {slot.default}" for slot in slots], walk, *ending]

    def _branch(self, slot: _Slot) -> str:
        xsd_type, wire = slot.xsd.type, item_of(slot.field.type) if slot.listed else slot.field.type
        self.scope[slot.read] = reader(self.plain, xsd_type, wire)
        block = _LISTED if slot.listed else _block(xsd_type, wire)
        return f"if tag == {slot.xsd.qname.text!r}:\n" + _indented([block.format(f=slot.f, read=slot.read)])

    def _enough(self, slots: list[_Slot]) -> str:
        """Leaves the rest of the element alone, once the last wanted one in the WSDL's order was there."""
        last = slots[-1].xsd is list(self.elements.values())[-1][0]
        if last or any(slot.default.endswith(("[]", "()")) for slot in slots):
            return ""
        found = " and ".join(f"{slot.f} is not {slot.default}" for slot in slots)
        return "\n" + _indented([f"if {found}:\n    break"])

    def _attribute(self, slot: _Slot) -> str:
        self.scope[slot.read] = _value_reader(slot.xsd.type, slot.field.type)
        f, missing = slot.f, "return anew(element)" if slot.default == "UNSET" else f"{slot.f} = {slot.default}"
        get = f"{f} = element.get({slot.xsd.qname.text!r})"
        return f"{get}\nif {f} is None:\n    {missing}\nelse:\n    {f} = {slot.read}({f})"

    def _text(self, slot: _Slot) -> str:
        self.scope[slot.read] = _value_reader(slot.xsd, slot.field.type)
        return f"{slot.f} = {slot.read}(element.text or '')"


def _indented(blocks: list[str]) -> str:
    return indent("\n".join(blocks), "    ")


def _block(xsd_type: Any, wire: Any) -> str:
    """How a single element is read: texts and whole numbers in place, the rest by a call."""
    if isinstance(xsd_type, ComplexType) or not is_kind(xsd_type, wire):
        return _OTHER
    kind = kind_of(xsd_type)
    return _TEXT if kind is str else _INTEGER if kind is int else _OTHER
