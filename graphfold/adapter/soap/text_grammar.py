"""Describe the text of an element as a regular expression, and read its groups into rows. Used by `text_scanner`.

The expression is made from the element's XSD type and the row's struct. It is much narrower than XML: no attributes,
entities, comments or empty elements, and children in the WSDL's order. For a `StockLevel` with `Sku`, `OnHand` and a
list of `Warehouse`, of which the row needs all, and the prefix `d`, it is (`TEXT` stands for characters without markup)

    (<d:StockLevel>
       <d:Sku>(TEXT++)</d:Sku>
       <d:OnHand>(-?[0-9]{1,18})</d:OnHand>
       ((?:<d:Warehouse> ... </d:Warehouse>)*+)
     </d:StockLevel>)

and the generated reader of a text with many such elements is

    def read(text):
        items = find_all(text)
        return [new(sku=g1, on_hand=int(g2), warehouses=read_g3(g3)) for g0, g1, g2, g3, in items]

A child element that is read into a struct is one group; a grammar of its own reads the text of the group (`read_g3`).
Children that the row does not need are in the expression without a group. All quantifiers are possessive (`++`), so the
expression never backtracks and takes time linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import NODEFAULT
from msgspec.structs import FieldInfo
from zeep.xsd import ComplexType

from graphfold.adapter.soap.row_readers import yields_wire_type
from graphfold.adapter.soap.row_structs import RowStruct, fields_by_wire_name, list_item_type, row_struct_in
from graphfold.adapter.soap.xsd_to_python import python_type, value_parser
from graphfold.adapter.soap.xsd_types import ChildElement, XsdType, child_elements, text_content_type

__all__ = ["ReadItems", "TextGrammar", "UnsupportedByGrammar"]

ReadItems = Callable[[str], list[Any] | None]
"""Takes the text of elements, one after the other, and returns their rows."""

_BLANKS = "[ \t\r\n]*+"
_CHARACTER = r"[^<>&\x00-\x08\x0b-\x1f]"  # XML forbids U+FFFE and U+FFFF too; `ReplyScanner` looks for them
_INTEGER = "-?[0-9]{1,18}"
_MAX_DEPTH = 5
"""Levels of elements in elements. It also ends the recursion for types that contain themselves."""


class UnsupportedByGrammar(Exception):
    """The type has something that no expression here covers."""


class TextGrammar:
    """The grammar of elements called `name` of `xsd_type`, read into `row`. Raises `UnsupportedByGrammar`.

    `prefixes` are those that the document uses, by namespace. `spaced`: there may be blanks between elements.
    """

    def __init__(
        self,
        name: str,
        xsd_type: XsdType,
        row: RowStruct,
        prefixes: Mapping[str | None, str | None],
        *,
        spaced: bool,
        depth: int = 0,
    ) -> None:
        if not isinstance(xsd_type, ComplexType) or text_content_type(xsd_type) is not None or depth > _MAX_DEPTH:
            raise UnsupportedByGrammar
        self._prefixes, self._spaced, self._depth = prefixes, spaced, depth
        self._scope: dict[str, Any] = {"new": row}
        self._arguments: list[str] = []
        self._fields = fields_by_wire_name(row)
        children = child_elements(xsd_type)
        if not self._fields.keys() <= children.keys():  # the row needs an attribute, for instance
            raise UnsupportedByGrammar
        inner = "".join(self._child_pattern(name, child) for name, child in children.items())
        self.pattern = self._element_pattern(name, inner)

    def reader(self, *, complete: bool = False) -> ReadItems:
        """Compile the reader. `complete`: it returns None if the text has anything besides such elements."""
        groups = ", ".join(f"g{i}" for i in range(len(self._arguments) + 1))
        lines = ["def read(text):", "items = find_all(text)"]
        if complete:
            # group 0 is a whole element: the text has nothing else if the lengths add up
            lines.append("if sum([len(item[0]) for item in items]) != len(text): return None")
        lines.append(f"return [new({', '.join(self._arguments)}) for {groups}, in items]")
        self._scope["find_all"] = re.compile(f"({self.pattern})").findall
        exec("\n ".join(lines), self._scope)  # noqa: S102  # made of the WSDL's types and names, never of data
        read: ReadItems = self._scope["read"]
        return read

    def _child_pattern(self, name: str, child: ChildElement) -> str:
        field = self._fields.get(name)
        if field is None:
            return self._skipped_pattern(child, self._depth)
        if isinstance(child.declaration.type, ComplexType):
            return self._complex_pattern(field, child)
        if child.repeats:
            raise UnsupportedByGrammar
        return self._value_pattern(field, child.declaration)

    def _value_pattern(self, field: FieldInfo, element: Any) -> str:
        """Return the pattern of an element with a value. Its group is not empty if the element is there."""
        group, text = f"g{len(self._arguments) + 1}", f"{_CHARACTER}++"
        if not yields_wire_type(element.type, field.type):
            raise UnsupportedByGrammar
        kind = python_type(element.type)
        value = group
        if kind is int:
            value, text = f"int({group})", _INTEGER
        elif kind is not str:
            self._scope[f"read_{group}"] = value_parser(element.type)
            value = f"read_{group}({group})"
        pattern = self._element_pattern(self._tag(element), f"({text})", blanks_inside=False)
        return self._field_pattern(field, group, value, pattern)

    def _complex_pattern(self, field: FieldInfo, child: ChildElement) -> str:
        """Return the pattern of an element, or a list of elements, that is read into a struct by its own grammar."""
        row, element = row_struct_in(field.type), child.declaration
        if row is None or child.repeats is not (list_item_type(field.type) is not None):
            raise UnsupportedByGrammar
        grammar = TextGrammar(
            self._tag(element), element.type, row, self._prefixes, spaced=self._spaced, depth=self._depth + 1
        )
        group = f"g{len(self._arguments) + 1}"
        self._scope[f"read_{group}"] = grammar.reader()
        # the groups inside belong to the inner grammar, which matches the text of this group once more
        inner = re.sub(r"(?<!\\)\((?!\?)", "(?:", grammar.pattern)
        if child.repeats:
            self._arguments.append(f"{field.name}=read_{group}({group})")
            return f"((?:{inner})*+)"
        return self._field_pattern(field, group, f"read_{group}({group})[0]", f"({inner})")

    def _field_pattern(self, field: FieldInfo, group: str, value: str, pattern: str) -> str:
        """Add the argument of the struct for a field, and return the pattern, optional if the field has a default."""
        if field.required:
            self._arguments.append(f"{field.name}={value}")
            return pattern
        has_factory = field.default is NODEFAULT
        self._scope[f"default_{group}"] = field.default_factory if has_factory else field.default
        default = f"default_{group}()" if has_factory else f"default_{group}"
        self._arguments.append(f"{field.name}={value} if {group} else {default}")
        return f"(?:{pattern})?+"

    def _skipped_pattern(self, child: ChildElement, depth: int) -> str:
        """Return the pattern of an element that the row does not need."""
        element = child.declaration
        if isinstance(element.type, ComplexType):
            if depth > _MAX_DEPTH or text_content_type(element.type) is not None:
                raise UnsupportedByGrammar
            inner = "".join(self._skipped_pattern(each, depth + 1) for each in child_elements(element.type).values())
            pattern = self._element_pattern(self._tag(element), inner)
        else:
            pattern = self._element_pattern(self._tag(element), f"{_CHARACTER}*+", blanks_inside=False)
        return f"(?:{pattern}){'*+' if child.repeats else '?+'}"

    def _element_pattern(self, tag: str, inner: str, *, blanks_inside: bool = True) -> str:
        blanks = _BLANKS if self._spaced else ""
        return f"{blanks}<{tag}>{inner}{blanks if blanks_inside else ''}</{tag}>"

    def _tag(self, element: Any) -> str:
        namespace = element.qname.namespace
        if namespace not in self._prefixes:
            raise UnsupportedByGrammar
        prefix = self._prefixes[namespace]
        return re.escape(f"{prefix}:{element.qname.localname}" if prefix else element.qname.localname)
