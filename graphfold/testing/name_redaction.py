"""What must not stand in a file of the repository: credentials, cookies, tokens, whatever has a telling name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, urlencode

from graphfold.testing.markup_redaction import redact_markup

__all__ = ["REDACTED", "NameRedactor"]

REDACTED = "scrubbed"

_ENDINGS = (
    "(?:access|account|api|app|auth|client|encryption|master|private|secret|service|shared|signing|subscription)[-_.]?key",
    "assertion",
    "authorization",
    "(?:access[-_.]?key|client|session)[-_.]?id",
    "cookie",
    "credential",
    "nonce",
    "pass(?:code|phrase|wd|word)",
    "secret",
    "session",
    "signature",
    "token",
    "verifier",
)
_WORDS = ("auth", "bearer", "jwt", "otp", "pwd", "sid", "sig")
"""Too short to be looked for at the end of longer words: there is `resid`."""

_HEADERS = frozenset(
    ("accept", "cache-control", "content-type", "etag", "link", "location", "retry-after", "soapaction")
)
"""Of the headers only what an answer may depend on is kept: any other could be a credential, or about a person."""

_USER = re.compile(r"(?<=://)[^\s/?#@\"'<>]+(?=@)")


class NameRedactor:
    """Hides what has a name that ends in one of ours or of `names`: the value of a field, of a parameter, of an
    attribute, and of an element, with all that is in it. Nothing but names counts, so a request that is made again
    with other secrets is told in the same words.

    `places` are where the backend's credential stands, `?name` for a parameter; `headers` are kept beside our own.
    """

    def __init__(self, names: Iterable[str] = (), headers: Iterable[str] = (), places: Iterable[str] = ()) -> None:
        endings, words = "|".join([*_ENDINGS, *map(re.escape, names)]), "|".join(_WORDS)
        field = rf"(?:(?i:{endings})|(?:(?<![A-Za-z])|(?<=[a-z])(?=[A-Z]))(?i:{words}))(?i:s?)\]?"
        own = "|".join(re.escape(place[1:]) for place in places if place.startswith("?"))
        parameter = rf"(?:{field}|(?<![\w.-])(?:{own}))" if own else field
        self._field, self._parameter = re.compile(f"{field}$"), re.compile(f"{parameter}$")
        self._assigned = re.compile(rf"({parameter}=)[^&#\s\"'<>]+")
        self._quoted = re.compile(rf"({field}\"?\s*:\s*\")(?:[^\"\\]|\\.)+")
        self._headers = _HEADERS | {name.lower() for name in headers}
        self._places = frozenset(map(str.lower, places))

    def headers(self, headers: Iterable[tuple[str, str]]) -> dict[str, str]:
        told = ((name.lower(), value) for name, value in headers)
        return {name: self._header(name, value) for name, value in told if name in self._headers}

    def query(self, query: str) -> str:
        pairs = parse_qsl(query, keep_blank_values=True)
        return urlencode([(name, self._given(name, value)) for name, value in pairs], safe=",")

    def json(self, value: Any) -> Any:
        """The same data with what is to be hidden replaced; numbers and structure stay."""
        if isinstance(value, dict):
            return {name: self._member(name, part) for name, part in value.items()}
        if isinstance(value, list):
            return [self.json(part) for part in value]
        return self.text(value) if type(value) is str else value  # a number as it was written stays one

    def body(self, text: str, media_type: str) -> str:
        if "x-www-form-urlencoded" in media_type:
            return self.query(text)
        marked = "xml" in media_type or text.lstrip().startswith("<")
        return self.text(redact_markup(text, self._element, REDACTED) if marked else text)

    def text(self, text: str) -> str:
        """URLs, and JSON that is quoted, stand anywhere."""
        if "=" not in text and ":" not in text:  # most texts, and looking for names takes its time
            return text
        text = _USER.sub(REDACTED, self._assigned.sub(rf"\g<1>{REDACTED}", text))
        return self._quoted.sub(rf"\g<1>{REDACTED}", text)

    def _header(self, name: str, value: str) -> str:
        return REDACTED if name in self._places or self._field.search(name) else self.text(value)

    def _given(self, name: str, value: str) -> str:
        return REDACTED if self._parameter.search(name) else self.text(value)

    def _member(self, name: str, value: Any) -> Any:
        says = not isinstance(value, bool) and (value or value == 0)  # null, empty, yes and no are no secrets
        return REDACTED if says and self._field.search(name) else self.json(value)

    def _element(self, name: str) -> bool:
        """A WS-Security header is hidden as a whole: its time and nonce are others in every message."""
        return name == "Security" or bool(self._field.search(name))
