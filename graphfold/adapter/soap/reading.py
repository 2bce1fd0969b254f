"""Readers made from XSD types: an element becomes plain dicts, lists and Python values, losslessly or not at all.

A complex element is a dict of its child elements by local name, with attributes as "@name" and text content as
"#text". What may repeat is always a list; what is absent is not in the dict; nil is None; an empty string stays "".
Elements that the WSDL does not know are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from lxml import etree
from zeep.xsd import ComplexType
from zeep.xsd.elements.indicators import Indicator
from zeep.xsd.types import builtins

from graphfold.rows.decoder import Unreadable

__all__ = ["Reader", "Readers", "parse"]

Reader = Callable[[Any], Any]

# zeep reads "maybe" as False and "1E5" as a decimal: these are checked against what XSD allows
_EXACT: list[tuple[Any, re.Pattern[str], Callable[[str], Any]]] = [
    (builtins.Boolean, re.compile("true|false|1|0"), lambda text: text in ("true", "1")),
    (builtins.Integer, re.compile(r"[+-]?[0-9]{1,1000}"), int),
    (builtins.Decimal, re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)"), Decimal),
]
_TEXT = (builtins.String, builtins.AnyURI, builtins.QName)
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


def parse(body: bytes) -> Any:
    """The root element. Nothing is fetched or expanded: a reply with a DOCTYPE is refused."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        root = etree.fromstring(body.lstrip(), parser)
    except (etree.XMLSyntaxError, ValueError):
        raise Unreadable("the reply is no well-formed XML") from None
    docinfo: Any = root.getroottree().docinfo
    if docinfo.doctype:
        raise Unreadable("the reply has a DOCTYPE")
    return root


class Readers:
    """Makes each type's reader once; types may refer to themselves."""

    def __init__(self) -> None:
        self._made: dict[int, tuple[Any, Reader]] = {}

    def of(self, xsd_type: Any) -> Reader:
        known = self._made.get(id(xsd_type))
        if known is not None:
            return known[1]
        if not isinstance(xsd_type, ComplexType):
            return _simple(xsd_type)
        children: dict[str, tuple[Reader, bool]] = {}
        attributes: dict[str, Callable[[str], Any]] = {}
        read = _complex(children, attributes, _text_type(xsd_type))
        self._made[id(xsd_type)] = (xsd_type, read)
        for element, many in _elements(xsd_type):
            children[element.name] = (self.of(element.type), many)
        for name, attribute in xsd_type.attributes:
            if name is not None and attribute.type is not None:
                attributes[name] = _value(attribute.type)
        return read


def _complex(
    children: dict[str, tuple[Reader, bool]],
    attributes: dict[str, Callable[[str], Any]],
    text: Callable[[str], Any] | None,
) -> Reader:
    def read(element: Any) -> Any:
        if element.get(_NIL) in ("true", "1"):
            return None
        found: dict[str, Any] = {name: [] for name, (_, many) in children.items() if many}
        for child in element.iterchildren("*"):
            name = child.tag.rpartition("}")[2]
            known = children.get(name)
            if known is None:
                continue
            if known[1]:
                found[name].append(known[0](child))
            else:
                found[name] = known[0](child)
        for name, value in element.attrib.items():
            if name in attributes:
                found[f"@{name}"] = attributes[name](value)
        if text is not None:
            found["#text"] = text(element.text or "")
        return found

    return read


def _simple(xsd_type: Any) -> Reader:
    value = _value(xsd_type)

    def read(element: Any) -> Any:
        if element.get(_NIL) in ("true", "1"):
            return None
        return value("".join(element.itertext()) if len(element) else element.text or "")

    return read


def _value(xsd_type: Any) -> Callable[[str], Any]:
    """Text to value; what is no value of the type is refused instead of becoming None."""
    if isinstance(xsd_type, _TEXT):
        return str
    pattern, convert = next(
        ((pattern, convert) for kind, pattern, convert in _EXACT if isinstance(xsd_type, kind)),
        (None, xsd_type.pythonvalue),
    )
    name = getattr(xsd_type, "name", None) or "value"

    def value(text: str) -> Any:
        text = text.strip()
        try:
            if pattern is None or pattern.fullmatch(text):
                return convert(text)
        except Exception:  # noqa: S110  # zeep's converters raise anything; said below
            pass
        raise Unreadable(f"a value is no xsd:{name}")

    return value


def _elements(xsd_type: Any) -> list[tuple[Any, bool]]:
    """Each named element below the type's sequences and choices, and whether it may repeat."""
    found: list[tuple[Any, bool]] = []
    for _, nested in xsd_type.elements_nested:
        _collect(nested, many=False, found=found)
    return found


def _collect(particle: Any, *, many: bool, found: list[tuple[Any, bool]]) -> None:
    many = many or bool(particle.accepts_multiple)
    if isinstance(particle, Indicator):
        for _, inner in particle.elements:
            _collect(getattr(inner, "child", inner), many=many or bool(inner.accepts_multiple), found=found)
    elif particle.name and not particle.name.startswith("_value_"):
        found.append((particle, many))


def _text_type(xsd_type: Any) -> Callable[[str], Any] | None:
    """The type of an element's own text, where it has text and attributes."""
    for _, particle in xsd_type.elements_nested:
        if not isinstance(particle, Indicator) and particle.name == "_value_1":
            return _value(particle.type)
    return None
