"""XML and HTML with parts of it hidden, and otherwise as it was written: quotes, spaces, entities."""

from __future__ import annotations

import re
from collections.abc import Callable

__all__ = ["redact_markup"]

_MARK = re.compile(
    r"<!\[CDATA\[(?P<quoted>.*?)\]\]>|<!--.*?-->|<\?.*?\?>"
    r"|<(?P<end>/?)(?P<name>(?:[\w.-]+:)?[\w.-]+)(?:[^<>\"']|\"[^\"]*\"|'[^']*')*?(?P<alone>/?)>",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"([\w.:-]+)(\s*=\s*)(\"[^\"]+\"|'[^']+')")


def redact_markup(text: str, secret: Callable[[str], bool], hidden: str) -> str:
    """`secret` is asked for the local names of elements, of which everything inside goes, and of attributes.

    An element that never ends is hidden to the end of the text.
    """
    kept: list[str] = []
    at, outer, depth = 0, "", 0
    for mark in _MARK.finditer(text):
        name = mark["name"] if not mark["alone"] else ""
        if depth and name == outer:
            depth += -1 if mark["end"] else 1
        if depth:
            continue
        inside = text[at : mark.start()]
        kept += (hidden if outer and inside.strip() else inside, _told(mark, secret, hidden))
        at, outer = mark.end(), ""
        if name and not mark["end"] and secret(_local(name)):
            outer, depth = name, 1
    return "".join([*kept, hidden if outer else text[at:]])


def _told(mark: re.Match[str], secret: Callable[[str], bool], hidden: str) -> str:
    """A tag, or a document that is quoted in another."""
    if mark["quoted"]:
        return f"<![CDATA[{redact_markup(mark['quoted'], secret, hidden)}]]>"

    def attribute(found: re.Match[str]) -> str:
        name, equals, value = found.groups()
        return f"{name}{equals}{value[0]}{hidden}{value[0]}" if secret(_local(name)) else found[0]

    return _ATTRIBUTE.sub(attribute, mark[0]) if mark["name"] else mark[0]


def _local(name: str) -> str:
    """A prefix that is declared is no name of anything."""
    return "" if name.startswith("xmlns") else name.rpartition(":")[2]
