"""Replies in the encoding of SOAP 1.1 section 5, as Axis 1 writes them: values stand beside the answer.

    <Body><reply><price href="#id0"/></reply><multiRef id="id0">12.30</multiRef></Body>

The values are put in place once, after parsing, so that readers need not know. A value may be used many times, and may
refer to others; what it all adds up to is bounded, and what refers to itself is refused.
"""

from __future__ import annotations

from copy import deepcopy

from lxml import etree

from graphfold.adapter.soap.encoding import ITEM, NAMESPACE
from graphfold.adapter.soap.message import MOST, Element, message_in, parse
from graphfold.rows.decoder import Malformed

__all__ = ["message_of"]

_SPACE = NAMESPACE.encode()
_ARRAY = f"{{{NAMESPACE}}}arrayType"
_DEEPEST = 50
"""References inside values that are referred to themselves; each is a level of the data."""
_GROWTH = 1_000_000, 4
"""Bytes, and times a reply's length, that the values in place may take together."""


def message_of(reply: bytes) -> Element:
    """The answer or fault in a reply, with its values in place. Raises `Unreadable`."""
    message = message_in(parse(reply))
    if b"href=" in reply and (len(message.getparent()) > 1 or _SPACE in reply):  # else it is data: links, say
        _Values(message, _GROWTH[0] + _GROWTH[1] * len(reply)).put_into(message)
    if b"arrayType" in reply:
        _name_items(message)
    return message


class _Values:
    """What stands beside the message, by id, and how many bytes and elements of it may still be copied."""

    def __init__(self, message: Element, left: int) -> None:
        self._beside = {f"#{value.get('id')}": value for value in message.itersiblings() if value.get("id")}
        self._sizes: dict[str, tuple[int, int]] = {}
        self._left, self._elements_left = left, MOST

    def put_into(self, message: Element) -> None:
        """Without recursion: `above` are the references that an element came by."""
        waiting: list[tuple[Element, tuple[str, ...]]] = [(message, ())]
        while waiting:
            element, above = waiting.pop()
            for holder in [each for each in element.iter() if each.get("href", "").startswith("#")]:
                reference = holder.attrib.pop("href")
                self._fill(holder, reference, above)
                waiting.append((holder, (*above, reference)))

    def _fill(self, holder: Element, reference: str, above: tuple[str, ...]) -> None:
        value = self._beside.get(reference)
        if value is None:
            raise Malformed("a reference leads nowhere")
        if reference in above or len(above) >= _DEEPEST or "href" in value.attrib:
            raise Malformed("a reference leads to itself, to another or too deep")
        self._spend(reference, value)
        holder.attrib.update({name: text for name, text in value.attrib.items() if name != "id"})
        holder.text = value.text
        holder[:] = [deepcopy(child) for child in value]

    def _spend(self, reference: str, value: Element) -> None:
        if reference not in self._sizes:
            text = etree.tostring(value, with_tail=False)
            self._sizes[reference] = len(text), text.count(b"<") - text.count(b"</")
        size, elements = self._sizes[reference]
        self._left, self._elements_left = self._left - size, self._elements_left - elements
        if self._left < 0 or self._elements_left < 0:
            raise Malformed("references make more of the reply than is allowed")


def _name_items(message: Element) -> None:
    """Items of arrays may have any name; the types know them by one."""
    for array in [each for each in message.iter() if _ARRAY in each.attrib]:
        for item in array:
            item.tag = ITEM
