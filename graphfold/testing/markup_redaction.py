"""Redaction of parts of XML and HTML that leaves every other byte as it was: quotes, spaces, entities.

A parser would normalise them, and a page need not be well-formed, so tags are found by a regular expression.
"""

from __future__ import annotations

import re
from collections.abc import Callable

__all__ = ["redact_markup"]

_MARK = re.compile(
    r"<!\[CDATA\[(?P<cdata>.*?)\]\]>|<!--.*?-->|<\?.*?\?>"
    r"|<(?P<end>/?)(?P<name>(?:[\w.-]+:)?[\w.-]+)(?:[^<>\"']|\"[^\"]*\"|'[^']*')*?(?P<empty>/?)>",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"([\w.:-]+)(\s*=\s*)(\"[^\"]+\"|'[^']+')")


def redact_markup(text: str, is_secret: Callable[[str], bool], replacement: str) -> str:
    """Replace the content of secret elements and the values of secret attributes.

    `is_secret` decides by local name. A secret element that is never closed is replaced up to the end of the text.
    """
    kept: list[str] = []
    position, secret, depth = 0, "", 0  # `secret` is the open secret element, `depth` counts elements of its name
    for mark in _MARK.finditer(text):
        name = mark["name"] if not mark["empty"] else ""
        if depth and name == secret:
            depth += -1 if mark["end"] else 1
        if depth:
            continue
        content = text[position : mark.start()]
        kept += (replacement if secret and content.strip() else content, _redact_mark(mark, is_secret, replacement))
        position, secret = mark.end(), ""
        if name and not mark["end"] and is_secret(_local_name(name)):
            secret, depth = name, 1
    return "".join([*kept, replacement if secret else text[position:]])


def _redact_mark(mark: re.Match[str], is_secret: Callable[[str], bool], replacement: str) -> str:
    """Redact the attributes of a tag, or the document that a CDATA section may quote."""
    if mark["cdata"]:
        return f"<![CDATA[{redact_markup(mark['cdata'], is_secret, replacement)}]]>"

    def redact_attribute(attribute: re.Match[str]) -> str:
        name, equals, value = attribute.groups()
        return f"{name}{equals}{value[0]}{replacement}{value[0]}" if is_secret(_local_name(name)) else attribute[0]

    return _ATTRIBUTE.sub(redact_attribute, mark[0]) if mark["name"] else mark[0]


def _local_name(name: str) -> str:
    """Return the name without its prefix; a namespace declaration has none."""
    return "" if name.startswith("xmlns") else name.rpartition(":")[2]
