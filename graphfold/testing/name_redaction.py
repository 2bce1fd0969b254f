"""Redaction by name: credentials, cookies, tokens and whatever else has a name that suggests a secret."""

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
"""Short words, which count only at the start of a word: `resid` ends in `sid` and is no secret."""

_HEADERS = frozenset(
    ("accept", "cache-control", "content-type", "etag", "link", "location", "retry-after", "soapaction")
)
"""The headers that are kept, since an answer may depend on them. Any other may be a credential, or personal data."""

_USER_INFO = re.compile(r"(?<=://)[^\s/?#@\"'<>]+(?=@)")


class NameRedactor:
    """A redactor that goes by names: of JSON fields, parameters, attributes, and elements with all their content.

    It redacts a value whose name ends in one of the built-in words or of `names`. Since values do not count, the same
    request made later with other secrets is redacted to the same text.

    `places` are where the backend's credential travels, `?name` for a parameter; `headers` are kept beside the
    built-in ones.
    """

    def __init__(self, names: Iterable[str] = (), headers: Iterable[str] = (), places: Iterable[str] = ()) -> None:
        endings, words = "|".join([*_ENDINGS, *map(re.escape, names)]), "|".join(_WORDS)
        field = rf"(?:(?i:{endings})|(?:(?<![A-Za-z])|(?<=[a-z])(?=[A-Z]))(?i:{words}))(?i:s?)\]?"
        own = "|".join(re.escape(place[1:]) for place in places if place.startswith("?"))
        parameter = rf"(?:{field}|(?<![\w.-])(?:{own}))" if own else field
        self._field, self._parameter = re.compile(f"{field}$"), re.compile(f"{parameter}$")
        self._assignment = re.compile(rf"({parameter}=)[^&#\s\"'<>]+")
        self._quoted_json = re.compile(rf"({field}\"?\s*:\s*\")(?:[^\"\\]|\\.)+")
        self._kept_headers = _HEADERS | {name.lower() for name in headers}
        self._places = frozenset(map(str.lower, places))

    def headers(self, headers: Iterable[tuple[str, str]]) -> dict[str, str]:
        """Return the headers that are kept, with their values redacted."""
        kept = {}
        for name, value in ((name.lower(), value) for name, value in headers):
            if name in self._kept_headers:
                is_secret = name in self._places or self._field.search(name)
                kept[name] = REDACTED if is_secret else self.text(value)
        return kept

    def query(self, query: str) -> str:
        """Redact a query string or a form."""
        pairs = [
            (name, REDACTED if self._parameter.search(name) else self.text(value))
            for name, value in parse_qsl(query, keep_blank_values=True)
        ]
        return urlencode(pairs, safe=",")

    def json(self, value: Any) -> Any:
        """Return the same data with secrets replaced; the structure and all other values stay."""
        if isinstance(value, dict):
            return {name: self._member(name, part) for name, part in value.items()}
        if isinstance(value, list):
            return [self.json(part) for part in value]
        return self.text(value) if type(value) is str else value  # an ExactNumber is a str, too, and stays

    def body(self, text: str, media_type: str) -> str:
        """Redact a body that is not JSON."""
        if "x-www-form-urlencoded" in media_type:
            return self.query(text)
        marked_up = "xml" in media_type or text.lstrip().startswith("<")
        return self.text(redact_markup(text, self._is_secret_element, REDACTED) if marked_up else text)

    def text(self, text: str) -> str:
        """Redact URLs and quoted JSON anywhere in a text."""
        if "=" not in text and ":" not in text:  # most texts have neither, and the searches below are slow
            return text
        text = _USER_INFO.sub(REDACTED, self._assignment.sub(rf"\g<1>{REDACTED}", text))
        return self._quoted_json.sub(rf"\g<1>{REDACTED}", text)

    def _member(self, name: str, value: Any) -> Any:
        may_be_secret = not isinstance(value, bool) and (value or value == 0)  # null, "", [], {}, true, false are not
        return REDACTED if may_be_secret and self._field.search(name) else self.json(value)

    def _is_secret_element(self, name: str) -> bool:
        # A WS-Security header goes as a whole: its timestamp and nonce differ in every message.
        return name == "Security" or bool(self._field.search(name))
