"""Resolve the references of replies in the encoding of SOAP 1.1 section 5, as Axis 1 writes them.

Values stand beside the result and are referred to by id:

    <soap:Body>
      <getPriceResponse><price href="#id0"/></getPriceResponse>
      <multiRef id="id0">12.30</multiRef>
    </soap:Body>

After parsing, each reference is replaced by a copy of its value, so that the readers need not know about references:
`<price>12.30</price>`. A value may be used many times and may contain references itself, so a short reply could grow
without limit ("billion laughs"). The total size of the copies is bounded, and a value that contains itself is refused.
"""

from __future__ import annotations

from copy import deepcopy

from lxml import etree

from graphfold.adapter.soap.encoded_types import ITEM, NAMESPACE
from graphfold.adapter.soap.envelope import MAX_NODES, Element, body_element, parse_reply
from graphfold.rows.decoder import Malformed

__all__ = ["parse_message"]

_NAMESPACE = NAMESPACE.encode()
_ARRAY_TYPE = f"{{{NAMESPACE}}}arrayType"
_MAX_DEPTH = 50
"""Values in values; each is a level of the data."""
_MIN_GROWTH, _GROWTH_FACTOR = 1_000_000, 4
"""The copies may take this many bytes, and this many times the reply's length more."""


def parse_message(reply: bytes) -> Element:
    """Return the element in the body of a reply, a result or a fault, with references resolved. Raise `Unreadable`."""
    message = body_element(parse_reply(reply))
    # Without values beside the result or the encoding's namespace, `href` is an attribute of the backend's own.
    if b"href=" in reply and (len(message.getparent()) > 1 or _NAMESPACE in reply):
        _ReferencedValues(message, _MIN_GROWTH + _GROWTH_FACTOR * len(reply)).resolve(message)
    if b"arrayType" in reply:
        # items of an encoded array may have any name, but the types made by `encoded_types` know one
        for array in [each for each in message.iter() if _ARRAY_TYPE in each.attrib]:
            for item in array:
                item.tag = ITEM
    return message


class _ReferencedValues:
    """The elements beside the message, by reference, and how many bytes and elements may still be copied."""

    def __init__(self, message: Element, max_bytes: int) -> None:
        self._values = {f"#{value.get('id')}": value for value in message.itersiblings() if value.get("id")}
        self._sizes: dict[str, tuple[int, int]] = {}
        self._bytes_left, self._elements_left = max_bytes, MAX_NODES

    def resolve(self, message: Element) -> None:
        """Replace all references below `message`. The stack replaces recursion, which a reply could make too deep."""
        stack: list[tuple[Element, tuple[str, ...]]] = [(message, ())]
        while stack:
            element, enclosing = stack.pop()
            for holder in [each for each in element.iter() if each.get("href", "").startswith("#")]:
                reference = holder.attrib.pop("href")
                self._copy_value(holder, reference, enclosing)
                stack.append((holder, (*enclosing, reference)))

    def _copy_value(self, holder: Element, reference: str, enclosing: tuple[str, ...]) -> None:
        """Copy the value of a reference into its element; `enclosing` are the references whose values contain it."""
        value = self._values.get(reference)
        if value is None:
            raise Malformed("a reference leads nowhere")
        if reference in enclosing or len(enclosing) >= _MAX_DEPTH or "href" in value.attrib:
            raise Malformed("a reference leads to itself, to another or too deep")
        if reference not in self._sizes:
            text = etree.tostring(value, with_tail=False)
            self._sizes[reference] = len(text), text.count(b"<") - text.count(b"</")
        size, elements = self._sizes[reference]
        self._bytes_left, self._elements_left = self._bytes_left - size, self._elements_left - elements
        if self._bytes_left < 0 or self._elements_left < 0:
            raise Malformed("references make more of the reply than is allowed")
        holder.attrib.update({name: text for name, text in value.attrib.items() if name != "id"})
        holder.text = value.text
        holder[:] = [deepcopy(child) for child in value]
