"""What a backend repeats of our credentials goes no further: it is blotted out before anyone reads the reply."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from json import dumps
from typing import NamedTuple
from urllib.parse import quote
from xml.sax.saxutils import escape

from graphfold.transport.call import Reply

__all__ = ["SHORTEST", "Form", "blotted", "forms", "forms_of_caller", "texts_in"]

SHORTEST = 8
"""Characters: anything shorter may be part of ordinary words, and blotting it out would damage what is answered."""

_LONG = 16
"""Characters: a cookie's value that is shorter is hidden with its name only, since it may be a language or a town."""

_SAME_EVERYWHERE = re.compile(r"[A-Za-z0-9._~-]+")

_RARE_FIRST = "~^|*+%=&<>\\_QZXJKVYWqzUGHjxBFPNkLMODRTSCIEAvwbygfpmuchld9876543210rsniotae-./"
"""How seldom letters are in replies: an order to look in, nothing depends on it."""


class Form(NamedTuple):
    """A way in which a secret may come back. `rarest` is the byte of it that other text has least."""

    text: bytes
    rarest: bytes

    def among(self, body: bytes) -> bool:
        """Most replies do not have the one byte, which is found ten times as fast as the whole."""
        first = body.find(self.rarest)
        return first >= 0 and body.find(self.text, max(first - len(self.text), 0)) >= 0


@lru_cache(maxsize=64)
def forms(*texts: str) -> tuple[Form, ...]:
    """How these texts of ours may come back: as they are, and as URLs, XML and JSON write them."""
    return _forms(texts)


def forms_of_caller(headers: Mapping[str, str]) -> tuple[Form, ...]:
    """The same for what a caller sent in these headers. Not kept: it is not ours, and ends with the caller's call."""
    return _forms(text for name, value in headers.items() for text in texts_in(name, value))


def texts_in(name: str, value: str) -> Iterator[str]:
    """What is secret in a header of this name, in lower case, that carries credentials."""
    if name == "authorization":
        yield value.partition(" ")[2] or value  # the scheme is no secret: RFC 9110 section 11.4
    elif name == "cookie":
        for pair in value.split(";"):
            text = pair.partition("=")[2].strip()
            yield text if len(text) >= _LONG else pair.strip()
    else:
        yield from (value, value.rpartition(" ")[2])


def _forms(texts: Iterable[str]) -> tuple[Form, ...]:
    found: dict[str, None] = {}
    for text in texts:
        if len(text) < SHORTEST:
            continue
        found[text] = None
        if not _SAME_EVERYWHERE.fullmatch(text):
            found |= dict.fromkeys((quote(text, safe=""), quote(text), *_in_xml(text), *_in_json(text)))
    return tuple(Form(text.encode(), _rarest(text).encode()) for text in found)


def _rarest(text: str) -> str:
    return next((letter for letter in _RARE_FIRST if letter in text), text[0])


def _in_xml(text: str) -> Iterator[str]:
    """With and without what need not be escaped, and once more: a message that is quoted in a message."""
    for more in ({}, {'"': "&quot;"}):
        for once in (escape(text, more), escape(text, more).replace("&gt;", ">")):
            yield from (once, escape(once), escape(once).replace("&gt;", ">"))


def _in_json(text: str) -> Iterator[str]:
    for once in (dumps(text)[1:-1], dumps(text, ensure_ascii=False)[1:-1]):
        yield from (once, once.replace("/", "\\/"))


def blotted(reply: Reply, secrets: tuple[Form, ...]) -> Reply:
    """The reply with stars in place of each of the secrets; the same one where there is none in it."""
    headers = "\n".join(reply.headers.values()).encode()
    told = [form.text for form in secrets if form.among(reply.body) or form.among(headers)]
    return _without(reply, told) if told else reply


def _without(reply: Reply, told: list[bytes]) -> Reply:
    body, headers = reply.body, dict(reply.headers)
    for text in told:
        stars = b"*" * len(text)
        body = body.replace(text, stars)
        headers = {name: value.replace(text.decode(), stars.decode()) for name, value in headers.items()}
    return Reply(reply.status, headers, body)
