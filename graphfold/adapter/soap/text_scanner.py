"""Read a long list from a reply's text, without parsing it as XML, if the reply looks like an earlier one.

Most backends write all replies of an operation alike:

    <soap:Envelope ...><soap:Body><GetStockResponse>   <StockLevel>...</StockLevel>...   </GetStockResponse>...
    `-------------------- head --------------------'   `---- items: TextGrammar -----'   `------- tail -------'

From a reply that was parsed, the scanner learns the head and the tail, byte for byte, and the grammar of the items with
the document's prefixes. It keeps what it learned only if the scan of that reply gives the same result as the parser.

A later reply with the same head and tail, and nothing but items of the grammar between them, is the same XML document
with other values, so a scan gives what the parser would give. For any other reply `read` returns None, and the reply is
parsed: one with a fault, an entity, an attribute, an empty element or an unknown child. The parser finds all errors, so
the scanner never words one.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from graphfold.adapter.soap.envelope import Element, local_name
from graphfold.adapter.soap.row_structs import RowStruct
from graphfold.adapter.soap.text_grammar import ReadItems, TextGrammar, UnsupportedByGrammar
from graphfold.adapter.soap.xsd_types import XsdType

__all__ = ["ReplyScanner"]

_MIN_ITEMS = 8
"""Shorter lists are parsed about as fast, so nothing is learned from them."""

_MAX_VAIN_LESSONS = 5
"""The scanner stops learning after so many lessons without a scan that succeeded: such a backend writes something new
into every reply, a date for instance.
"""

_UTF_8 = re.compile(r"""\s*<\?xml[^>]*?encoding=["']utf-8["']|\s*<(?!\?xml[^>]*?encoding)""", re.IGNORECASE)
_FORBIDDEN_CHARACTERS = ("\ufffe", "\uffff")
_BLANKS_BETWEEN_TAGS = re.compile(r">[ \t\r\n]+<")


class _Lesson(NamedTuple):
    """What was learned from one reply."""

    head: str
    tail: str
    read_items: ReadItems


class ReplyScanner:
    """Scans the replies of one operation for items with `tag`, of `xsd_type`, that are read into `row`."""

    def __init__(self, tag: str, xsd_type: XsdType, row: RowStruct) -> None:
        self._tag, self._type, self._row = tag, xsd_type, row
        self._lesson: _Lesson | None = None
        self._lessons_left = _MAX_VAIN_LESSONS

    def read(self, body: bytes) -> list[Any] | None:
        """Return the rows; None if the reply is not like the one that was learned from."""
        lesson = self._lesson
        if lesson is None:
            return None
        try:
            rows = _scan(lesson, body.decode())
        except ValueError:  # not UTF-8, or no value of its type
            return None
        if rows is not None:
            self._lessons_left = _MAX_VAIN_LESSONS
        return rows

    def learn(self, body: bytes, message: Element, result: object) -> None:
        """Learn from a reply that was parsed, if a scan of it gives the same `result`."""
        if self._lessons_left == 0 or type(result) is not list or len(result) < _MIN_ITEMS:
            return
        self._lessons_left -= 1
        try:
            text = body.decode()
            lesson = self._analyze(text, message)
            self._lesson = lesson if _scan(lesson, text) == result else None
        except (UnsupportedByGrammar, ValueError):
            self._lesson = None

    def _analyze(self, text: str, message: Element) -> _Lesson:
        """Split a reply into head, items and tail, and make the grammar of the items."""
        first = next(message.iter(self._tag), None)
        if first is None:  # the items are in another namespace than the WSDL says
            raise UnsupportedByGrammar
        name = f"{first.prefix}:{local_name(first.tag)}" if first.prefix else local_name(first.tag)
        start, end = text.find(f"<{name}>"), text.rfind(f"</{name}>") + len(f"</{name}>")
        if start < 0 or end < start or not _UTF_8.match(text):
            raise UnsupportedByGrammar
        spaced = _BLANKS_BETWEEN_TAGS.search(text, start, end) is not None
        if spaced:  # in the grammar, the blanks before an item belong to it
            start = len(text[:start].rstrip(" \t\r\n"))
        grammar = TextGrammar(re.escape(name), self._type, self._row, _unique_prefixes(first), spaced=spaced)
        return _Lesson(text[:start], text[end:], grammar.reader(complete=True))


def _scan(lesson: _Lesson, text: str) -> list[Any] | None:
    head, tail, read_items = lesson
    end = len(text) - len(tail)
    if end < len(head) or not text.startswith(head) or not text.endswith(tail):
        return None
    if any(map(text.count, _FORBIDDEN_CHARACTERS)):
        return None
    return read_items(text[len(head) : end])


def _unique_prefixes(first: Element) -> dict[str | None, str | None]:
    """Return the prefix of each namespace in the items, without namespaces that are written with several prefixes."""
    used: dict[str | None, set[str | None]] = {}
    for element in first.getparent().iter():
        namespace = element.tag[1:].partition("}")[0] if element.tag[0] == "{" else None
        used.setdefault(namespace, set()).add(element.prefix)
    return {namespace: prefixes.pop() for namespace, prefixes in used.items() if len(prefixes) == 1}
