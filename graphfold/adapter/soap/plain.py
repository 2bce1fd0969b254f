"""Elements as plain data by their XSD types, one step at a time: for fault details and whatever is out of the common.

A complex element is a dict of its child elements by local name, with attributes as "@name" and text content as
"#text". What may repeat is always a list; what is absent is not in the dict; nil is None; an empty string stays "".
Elements that the WSDL does not know, or nobody wants, are passed over. `reading` does the same faster, for rows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zeep.xsd import ComplexType
from zeep.xsd.elements.indicators import Indicator

from graphfold.adapter.soap.message import Element, is_nil, local, says_nil
from graphfold.adapter.soap.values import kind_of, value_reader
from graphfold.adapter.soap.wanted import Wanted, wanted_in, wanted_of
from graphfold.rows.decoder import Unreadable

__all__ = ["Plain", "attributes_in", "elements_in", "text_type_in"]

Read = Callable[[Element], Any]


class Plain:
    """Makes each type's reader once; types may refer to themselves."""

    def __init__(self) -> None:
        self._made: dict[tuple[int, Wanted | None], tuple[Any, Read]] = {}

    def of(self, xsd_type: Any, wanted: Wanted | None = None) -> Read:
        """A reader of elements of this type, or of what is wanted of them."""
        if not isinstance(xsd_type, ComplexType):
            return _simple(xsd_type)
        key = id(xsd_type), wanted
        if key not in self._made:
            children: dict[str, tuple[Read, bool]] = {}
            self._made[key] = xsd_type, _complex(children, _attributes(xsd_type, wanted), _text(xsd_type, wanted))
            for name, (element, many) in elements_in(xsd_type).items():
                if wanted is None:
                    children[name] = self.of(element.type), many
                elif name in wanted_of(wanted):
                    children[name] = self.of(element.type, wanted_in(wanted_of(wanted)[name].type)), many
        return self._made[key][1]


def elements_in(xsd_type: Any) -> dict[str, tuple[Any, bool]]:
    """Each named element below the type's sequences and choices, and whether it may repeat."""
    found: dict[str, tuple[Any, bool]] = {}
    for _, nested in xsd_type.elements_nested:
        _collect(nested, many=False, found=found)
    return found


def attributes_in(xsd_type: Any) -> dict[str, Any]:
    """Its attributes by name."""
    return {each.name: each for _, each in xsd_type.attributes if each.name is not None and each.type is not None}


def text_type_in(xsd_type: Any) -> Any:
    """The type of an element's own text, where it has text and attributes; None for others."""
    for _, particle in xsd_type.elements_nested:
        if not isinstance(particle, Indicator) and particle.name == "_value_1":
            return particle.type
    return None


def _complex(
    children: dict[str, tuple[Read, bool]],
    attributes: dict[str, tuple[str, Callable[[str], Any]]],
    text: Callable[[str], Any] | None,
) -> Read:
    def read(element: Element) -> Any:
        if is_nil(element):
            return None
        found: dict[str, Any] = {name: [] for name, (_, many) in children.items() if many}
        for child in element:
            name = local(child.tag)
            if name in children:
                read_child, many = children[name]
                if many:
                    found[name].append(read_child(child))
                else:
                    found[name] = read_child(child)
        for tag, value in element.attrib.items():
            if tag in attributes:
                name, read_value = attributes[tag]
                found[name] = read_value(value)
        if text is not None:
            found["#text"] = text(element.text or "")
        return found

    return read


def _attributes(xsd_type: Any, wanted: Wanted | None) -> dict[str, tuple[str, Callable[[str], Any]]]:
    """What an attribute is called in the data, and the reader of its value, by tag."""
    return {
        attribute.qname.text: (f"@{name}", value_reader(attribute.type))
        for name, attribute in attributes_in(xsd_type).items()
        if wanted is None or f"@{name}" in wanted_of(wanted)
    }


def _text(xsd_type: Any, wanted: Wanted | None) -> Callable[[str], Any] | None:
    """The reader of an element's own text."""
    text_type = text_type_in(xsd_type)
    unwanted = wanted is not None and "#text" not in wanted_of(wanted)
    return None if text_type is None or unwanted else value_reader(text_type)


def _simple(xsd_type: Any) -> Read:
    value, is_text = value_reader(xsd_type), kind_of(xsd_type) is str

    def read(element: Element) -> Any:
        if len(element):
            raise Unreadable(f"<{local(element.tag)}> holds elements instead of a value")
        text = element.text or ""
        empty = not text if is_text else not text.strip()
        return None if empty and says_nil(element) else value(text)

    return read


def _collect(particle: Any, *, many: bool, found: dict[str, tuple[Any, bool]]) -> None:
    many = many or bool(particle.accepts_multiple)
    if isinstance(particle, Indicator):
        for _, inner in particle.elements:
            _collect(getattr(inner, "child", inner), many=many or bool(inner.accepts_multiple), found=found)
    elif particle.name and not particle.name.startswith("_value_"):
        found[particle.name] = particle, many
