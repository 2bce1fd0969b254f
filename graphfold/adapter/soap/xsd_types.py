"""Look up what an XSD type consists of. zeep parses the schemas and has no type annotations, so its objects are `Any`.

The paths of rows use these names: `Sku` for a child element, `@currency` for an attribute, `#text` for an element's own
text. zeep models the text of an element with attributes as a particle without a declaration, called `_value_1`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from zeep.xsd import ComplexType
from zeep.xsd.elements.indicators import Indicator

__all__ = [
    "ChildElement",
    "XsdType",
    "attributes_by_name",
    "child_elements",
    "steps_to_content",
    "text_content_type",
    "types_below",
]

XsdType = Any
"""A type of zeep's model: `zeep.xsd.ComplexType`, or a simple type with the converters of its values."""


class ChildElement(NamedTuple):
    """An element declared below a complex type, and whether it may be there more than once."""

    declaration: Any
    repeats: bool


def child_elements(xsd_type: XsdType) -> dict[str, ChildElement]:
    """Return the elements in the sequences, choices and groups of a complex type, by local name."""
    children: dict[str, ChildElement] = {}
    for _, particle in xsd_type.elements_nested:
        _collect(particle, children, repeats=False)
    return children


def attributes_by_name(xsd_type: XsdType) -> dict[str, Any]:
    """Return the attributes of a complex type by local name."""
    return {each.name: each for _, each in xsd_type.attributes if each.name is not None and each.type is not None}


def text_content_type(xsd_type: XsdType) -> XsdType | None:
    """Return the type of an element's own text, if it has text and attributes; None for other complex types."""
    for _, particle in xsd_type.elements_nested:
        if not isinstance(particle, Indicator) and particle.name == "_value_1":
            return particle.type
    return None


def types_below(xsd_type: XsdType) -> Mapping[str, XsdType]:
    """Return the types of everything that one step of a row's path can lead to, by that step."""
    if not isinstance(xsd_type, ComplexType):
        return {}
    below = {name: child.declaration.type for name, child in child_elements(xsd_type).items()}
    below |= {f"@{name}": attribute.type for name, attribute in attributes_by_name(xsd_type).items()}
    text_type = text_content_type(xsd_type)
    return below if text_type is None else {**below, "#text": text_type}


def steps_to_content(xsd_type: XsdType) -> list[str]:
    """Return the path through wrappers: elements without attributes whose type has one element, a complex or a list.

    `GetStockResponse` with one `StockLevels` with a list of `StockLevel` gives `["StockLevels", "StockLevel"]`.
    """
    steps: list[str] = []
    while isinstance(xsd_type, ComplexType) and len(xsd_type.elements) == 1 and not xsd_type.attributes:
        element = xsd_type.elements[0][1]
        if not isinstance(element.type, ComplexType) and not element.accepts_multiple:
            break
        steps.append(element.name)
        if element.accepts_multiple:
            break
        xsd_type = element.type
    return steps


def _collect(particle: Any, children: dict[str, ChildElement], *, repeats: bool) -> None:
    """Add the elements of a particle; they repeat if any sequence, choice or group around them does."""
    repeats = repeats or bool(particle.accepts_multiple)
    if isinstance(particle, Indicator):
        for _, inner in particle.elements:
            # a reference to a group holds the group in `child`
            _collect(getattr(inner, "child", inner), children, repeats=repeats or bool(inner.accepts_multiple))
    elif particle.name and not particle.name.startswith("_value_"):
        children[particle.name] = ChildElement(particle, repeats)
