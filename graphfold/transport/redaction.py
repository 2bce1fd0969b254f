"""Redact credentials in replies: a backend may repeat what it was sent in an error message or a header.

A reply is redacted before anything reads it, so no secret reaches an answer, a log, a cache or a recording. This runs
for each call with a credential, and nearly no reply contains a secret, so the search is built for the miss: for each
form of a secret it first looks for the one byte of it that is rarest in ordinary text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from json import dumps
from typing import NamedTuple
from urllib.parse import quote
from xml.sax.saxutils import escape

from graphfold.secret import Secret
from graphfold.transport.call import Reply

__all__ = [
    "MIN_SECRET_LENGTH",
    "SENSITIVE_EXTENSION",
    "SecretForm",
    "SensitiveParts",
    "caller_secret_forms",
    "redacted",
    "secret_forms",
    "secret_texts",
]

MIN_SECRET_LENGTH = 8
"""Characters. Shorter texts may be part of ordinary words, and redacting those would damage the reply."""

_MIN_COOKIE_VALUE_LENGTH = 16
"""Characters. A shorter cookie value, such as a language or a town, is redacted only together with its name."""

_SAME_IN_EVERY_ENCODING = re.compile(r"[A-Za-z0-9._~-]+")

_RARE_FIRST = "~^|*+%=&<>\\_QZXJKVYWqzUGHjxBFPNkLMODRTSCIEAvwbygfpmuchld9876543210rsniotae-./"
"""Characters by how seldom replies contain them. The order affects only speed."""


class SecretForm(NamedTuple):
    """One encoding of a secret, with the byte of it that is rarest in ordinary text."""

    text: bytes
    rarest: bytes

    def is_in(self, body: bytes) -> bool:
        """Return whether `body` contains the text. Finding one byte takes a tenth of the time of finding the text."""
        first = body.find(self.rarest)
        return first >= 0 and body.find(self.text, max(first - len(self.text), 0)) >= 0


@lru_cache(maxsize=64)
def secret_forms(*texts: str) -> tuple[SecretForm, ...]:
    """Return our own secrets in all forms in which a reply may repeat them: plain, and as in URLs, XML and JSON."""
    return _secret_forms(texts)


def caller_secret_forms(headers: Mapping[str, str]) -> tuple[SecretForm, ...]:
    """Return the same forms for the credentials in a caller's headers.

    Not cached: a caller's secrets must not stay in memory after the call.
    """
    return _secret_forms(text for name, value in headers.items() for text in secret_texts(name, value))


def secret_texts(name: str, value: str) -> Iterator[str]:
    """Return the secret texts in a header that carries credentials. `name` is in lower case."""
    if name == "authorization":
        yield value.partition(" ")[2] or value  # the scheme is no secret: RFC 9110 section 11.4
    elif name == "cookie":
        for pair in value.split(";"):
            text = pair.partition("=")[2].strip()
            yield text if len(text) >= _MIN_COOKIE_VALUE_LENGTH else pair.strip()
    else:
        yield from (value, value.rpartition(" ")[2])


def _secret_forms(texts: Iterable[str]) -> tuple[SecretForm, ...]:
    forms: dict[str, None] = {}  # an ordered set
    for text in texts:
        if len(text) < MIN_SECRET_LENGTH:
            continue
        forms[text] = None
        if not _SAME_IN_EVERY_ENCODING.fullmatch(text):
            forms |= dict.fromkeys((quote(text, safe=""), quote(text), *_xml_forms(text), *_json_forms(text)))
    return tuple(
        SecretForm(form.encode(), next((letter for letter in _RARE_FIRST if letter in form), form[0]).encode())
        for form in forms
    )


def _xml_forms(text: str) -> Iterator[str]:
    """Return the text escaped once, and twice as in a message quoted inside a message.

    Serializers differ in whether they escape `>` and `"`, which XML does not require in text.
    """
    for entities in ({}, {'"': "&quot;"}):
        for once in (escape(text, entities), escape(text, entities).replace("&gt;", ">")):
            yield from (once, escape(once), escape(once).replace("&gt;", ">"))


def _json_forms(text: str) -> Iterator[str]:
    for once in (dumps(text)[1:-1], dumps(text, ensure_ascii=False)[1:-1]):
        yield from (once, once.replace("/", "\\/"))


def redacted(reply: Reply, secrets: tuple[SecretForm, ...]) -> Reply:
    """Return the reply with asterisks in place of each secret; the same object if it contains none."""
    header_text = "\n".join(reply.headers.values()).encode()
    leaked = [form.text for form in secrets if form.is_in(reply.body) or form.is_in(header_text)]
    if not leaked:
        return reply
    body, headers = reply.body, dict(reply.headers)
    for text in leaked:
        stars = b"*" * len(text)
        body = body.replace(text, stars)
        headers = {name: value.replace(text.decode(), stars.decode()) for name, value in headers.items()}
    return Reply(reply.status, headers, body)


SENSITIVE_EXTENSION = "discretion"
"""The key of `SensitiveParts` in `request.extensions` of httpx."""


class SensitiveParts(NamedTuple):
    """What a transport that records requests must redact in them.

    `places` are the headers and `?parameters` that carry a backend's credential; `secrets` are what it is made of.
    """

    places: tuple[str, ...] = ()
    secrets: tuple[Secret, ...] = ()
