"""The text of an element as a regular expression, made from its XSD type and what is wanted of it, and the expression's
groups as rows. Much narrower than XML: no attributes, entities, comments, empty elements; children in the WSDL's order.

For `Sku`, `OnHand` and a list of `Warehouse` the groups of a `StockLevel` are read by

    [new(sku=g1, on_hand=int(g2), warehouses=read_g3(g3)) for g0, g1, g2, g3 in found(text)]
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import NODEFAULT
from msgspec.structs import FieldInfo
from zeep.xsd import ComplexType

from graphfold.adapter.soap.plain import elements_in, text_type_in
from graphfold.adapter.soap.reading import is_kind
from graphfold.adapter.soap.values import kind_of, value_reader
from graphfold.adapter.soap.wanted import Wanted, item_of, wanted_in, wanted_of

__all__ = ["Grammar", "NotCovered"]

Rows = Callable[[str], Any]
"""From the text of elements, one after the other, to a list of what is wanted of each; `g0` is an element's text."""

_BLANK = "[ \t\r\n]*+"
_CHARACTER = r"[^<>&\x00-\x08\x0b-\x1f]"  # U+FFFE and U+FFFF are no characters either: `Scanner` looks for them
_INTEGER = "-?[0-9]{1,18}"
_DEEPEST = 5


class NotCovered(Exception):
    """The type has something in it that no expression here says."""


class Grammar:
    """Elements called `name` of `xsd_type`, read as `wanted`. `prefixes` are the document's, by namespace; `spaced`
    where there may be blanks between elements. Raises `NotCovered`.
    """

    def __init__(
        self,
        name: str,
        xsd_type: Any,
        wanted: Wanted,
        prefixes: Mapping[str | None, str | None],
        *,
        spaced: bool,
        depth: int = 0,
    ) -> None:
        if not isinstance(xsd_type, ComplexType) or text_type_in(xsd_type) is not None or depth > _DEEPEST:
            raise NotCovered
        self._prefixes, self._spaced, self._depth = prefixes, spaced, depth
        self._scope: dict[str, Any] = {"new": wanted}
        self._values: list[str] = []
        self._fields = wanted_of(wanted)
        known = elements_in(xsd_type)
        if not self._fields.keys() <= known.keys():  # attributes, for one
            raise NotCovered
        inner = "".join(self._child(each, *known[each]) for each in known)
        self.text = self._element(name, inner)

    def rows(self, *, alone: bool = False) -> Rows:
        """The reader. `alone`: it says None where there is anything but such elements in the text."""
        names = ", ".join(f"g{i}" for i in range(len(self._values) + 1))
        lines = ["def read(text):", "items = found(text)"]
        if alone:
            lines.append("if sum([len(item[0]) for item in items]) != len(text): return None")
        lines.append(f"return [new({', '.join(self._values)}) for {names}, in items]")
        self._scope["found"] = re.compile(f"({self.text})").findall
        exec("\n ".join(lines), self._scope)  # noqa: S102  # made of the WSDL's types and names, never of data
        read: Rows = self._scope["read"]
        return read

    def _child(self, name: str, element: Any, many: bool) -> str:
        field = self._fields.get(name)
        if field is None:
            return self._unwanted(element, many, self._depth)
        if isinstance(element.type, ComplexType):
            return self._nested(field, element, many)
        if many:
            raise NotCovered
        return self._leaf(field, element)

    def _leaf(self, field: FieldInfo, element: Any) -> str:
        """A group that is not empty where the element is there."""
        group, text = f"g{len(self._values) + 1}", f"{_CHARACTER}++"
        if not is_kind(element.type, field.type):
            raise NotCovered
        kind = kind_of(element.type)
        value = group
        if kind is int:
            value, text = f"int({group})", _INTEGER
        elif kind is not str:
            self._scope[f"read_{group}"] = value_reader(element.type)
            value = f"read_{group}({group})"
        return self._group(field, group, value, self._element(self._tag(element), f"({text})", blank=False))

    def _nested(self, field: FieldInfo, element: Any, many: bool) -> str:
        wanted = wanted_in(field.type)
        if wanted is None or many is not (item_of(field.type) is not None):
            raise NotCovered
        below = Grammar(
            self._tag(element), element.type, wanted, self._prefixes, spaced=self._spaced, depth=self._depth + 1
        )
        group = f"g{len(self._values) + 1}"
        self._scope[f"read_{group}"] = below.rows()
        inner = _without_groups(below.text)
        if many:
            self._values.append(f"{field.name}=read_{group}({group})")
            return f"((?:{inner})*+)"
        return self._group(field, group, f"read_{group}({group})[0]", f"({inner})")

    def _group(self, field: FieldInfo, group: str, value: str, text: str) -> str:
        if field.required:
            self._values.append(f"{field.name}={value}")
            return text
        factory = field.default is NODEFAULT
        self._scope[f"default_{group}"] = field.default_factory if factory else field.default
        default = f"default_{group}()" if factory else f"default_{group}"
        self._values.append(f"{field.name}={value} if {group} else {default}")
        return f"(?:{text})?+"

    def _unwanted(self, element: Any, many: bool, depth: int) -> str:
        if isinstance(element.type, ComplexType):
            if depth > _DEEPEST or text_type_in(element.type) is not None:
                raise NotCovered
            inner = "".join(self._unwanted(*each, depth + 1) for each in elements_in(element.type).values())
            text = self._element(self._tag(element), inner)
        else:
            text = self._element(self._tag(element), f"{_CHARACTER}*+", blank=False)
        return f"(?:{text}){'*+' if many else '?+'}"

    def _element(self, tag: str, inner: str, *, blank: bool = True) -> str:
        space = _BLANK if self._spaced else ""
        return f"{space}<{tag}>{inner}{space if blank else ''}</{tag}>"

    def _tag(self, element: Any) -> str:
        namespace = element.qname.namespace
        if namespace not in self._prefixes:
            raise NotCovered
        prefix = self._prefixes[namespace]
        return re.escape(f"{prefix}:{element.qname.localname}" if prefix else element.qname.localname)


def _without_groups(text: str) -> str:
    """The same expression, capturing nothing: its groups are read when the element's own text is."""
    return re.sub(r"(?<!\\)\((?!\?)", "(?:", text)
