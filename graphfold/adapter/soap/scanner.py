"""Reads a long list from a reply's text without making elements of it, where the reply looks like one seen before.

Most backends write every reply of an operation alike. From one that was read as XML the scanner learns what stands, to
the byte, in front of the first item and behind the last, and in which grammar the items are written. A later reply with
the same ends, and nothing but items of that grammar between them, is the same XML with other values: it cannot mean
anything else. Any other reply is None here, and read as XML.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from graphfold.adapter.soap.grammar import Grammar, NotCovered, Rows
from graphfold.adapter.soap.message import Element, local
from graphfold.adapter.soap.wanted import Wanted

__all__ = ["Scanner"]

_WORTH = 8
"""Items from which on a reply is learnt from."""

_LESSONS = 5
"""How often in a row it learns for nothing until it stops: such a backend writes something new into every reply."""

_UTF_8 = re.compile(r"""\s*<\?xml[^>]*?encoding=["']utf-8["']|\s*<(?!\?xml[^>]*?encoding)""", re.IGNORECASE)
_NO_CHARACTERS = ("\ufffe", "\uffff")
_SPACED = re.compile(r">[ \t\r\n]+<")


class _Lesson(NamedTuple):
    head: str
    tail: str
    rows: Rows


class Scanner:
    """For the items called `tag` (with its namespace) of `xsd_type` that an operation answers, read as `wanted`."""

    def __init__(self, tag: str, xsd_type: Any, wanted: Wanted) -> None:
        self._tag, self._type, self._wanted = tag, xsd_type, wanted
        self._lesson: _Lesson | None = None
        self._left = _LESSONS

    def read(self, body: bytes) -> list[Any] | None:
        """The items; None where the reply is not like the one it has learnt from."""
        lesson = self._lesson
        if lesson is None:
            return None
        try:
            found = _read(lesson, body.decode())
        except ValueError:
            return None
        if found is not None:
            self._left = _LESSONS
        return found

    def learn(self, body: bytes, message: Element, answer: Any) -> None:
        """Learn from a reply that was read as XML, if the same `answer` comes out."""
        if self._left == 0 or type(answer) is not list or len(answer) < _WORTH:
            return
        self._left -= 1
        try:
            lesson = self._learnt(body.decode(), message)
            self._lesson = lesson if _read(lesson, body.decode()) == answer else None
        except (NotCovered, ValueError):
            self._lesson = None

    def _learnt(self, text: str, message: Element) -> _Lesson:
        first = next(message.iter(self._tag), None)
        if first is None:  # the items are in another namespace than the WSDL says
            raise NotCovered
        name = f"{first.prefix}:{local(first.tag)}" if first.prefix else local(first.tag)
        start, end = text.find(f"<{name}>"), text.rfind(f"</{name}>") + len(f"</{name}>")
        if start < 0 or end < start or not _UTF_8.match(text):
            raise NotCovered
        spaced = _SPACED.search(text, start, end) is not None
        if spaced:  # the blanks in front of an item belong to it
            start = len(text[:start].rstrip(" \t\r\n"))
        grammar = Grammar(re.escape(name), self._type, self._wanted, _prefixes(first), spaced=spaced)
        return _Lesson(text[:start], text[end:], grammar.rows(alone=True))


def _read(lesson: _Lesson, text: str) -> list[Any] | None:
    head, tail, rows = lesson
    end = len(text) - len(tail)
    if end < len(head) or not text.startswith(head) or not text.endswith(tail) or any(map(text.count, _NO_CHARACTERS)):
        return None
    found: list[Any] | None = rows(text[len(head) : end])
    return found


def _prefixes(first: Element) -> dict[str | None, str | None]:
    """The prefix of each namespace as the items use it; one that is written with several is left out."""
    used: dict[str | None, set[str | None]] = {}
    for element in first.getparent().iter():
        used.setdefault(_namespace(element), set()).add(element.prefix)
    return {namespace: prefixes.pop() for namespace, prefixes in used.items() if len(prefixes) == 1}


def _namespace(element: Element) -> str | None:
    return element.tag[1:].partition("}")[0] if element.tag[0] == "{" else None
