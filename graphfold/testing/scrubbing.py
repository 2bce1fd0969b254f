"""What must not stand in a file of the repository: credentials, cookies, tokens, whatever has a telling name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, urlencode

__all__ = ["HIDDEN", "Scrubber"]

HIDDEN = "scrubbed"

_NAMES = (
    "api_?key",
    "assertion",
    "authorization",
    "client_?id",
    "credential",
    "nonce",
    "passw(or)?d",
    "secret",
    "session(_?id)?",
    "signature",
    "token",
    "verifier",
)
_HEADERS = frozenset(
    ("accept", "cache-control", "content-type", "etag", "link", "location", "retry-after", "soapaction")
)
"""Of the headers only what an answer may depend on is kept: any other could be a credential, or about a person."""

_SECURITY = re.compile(r"(<([\w.-]+:)?Security(?=[\s>])[^<>]*>).*?(</\2Security>)", re.DOTALL)


class Scrubber:
    """Hides the values of fields, parameters and XML elements whose name ends in one of ours or of `names`.

    `headers` are kept beside those that tell nothing; `secrets` are texts that are hidden wherever they stand.
    """

    def __init__(self, names: Iterable[str] = (), headers: Iterable[str] = (), secrets: Iterable[str] = ()) -> None:
        ending = "|".join([*_NAMES, *map(re.escape, names)])
        self._name = re.compile(rf"(?:{ending})$", re.IGNORECASE)
        self._element = re.compile(rf"(<(?:[\w.-]+:)?[\w.-]*?(?:{ending})(?=[\s>])[^<>]*>)[^<]+(?=</)", re.IGNORECASE)
        self._headers = _HEADERS | {name.lower() for name in headers}
        self._secrets = [text for text in secrets if text]

    def headers(self, headers: Iterable[tuple[str, str]]) -> dict[str, str]:
        return {name.lower(): self.text(value) for name, value in headers if name.lower() in self._headers}

    def query(self, query: str) -> str:
        pairs = parse_qsl(query, keep_blank_values=True)
        return urlencode([(name, self._value(name, value)) for name, value in pairs], safe=",")

    def json(self, value: Any) -> Any:
        """The same data with what is to be hidden replaced; numbers and structure stay."""
        if isinstance(value, dict):
            return {name: self._value(name, part) for name, part in value.items()}
        if isinstance(value, list):
            return [self.json(part) for part in value]
        return self.text(value) if type(value) is str else value  # a number as it was written stays one

    def xml(self, text: str) -> str:
        """A WS-Security header is hidden as a whole: its time and nonce are others in every message."""
        return self.text(self._element.sub(rf"\g<1>{HIDDEN}", _SECURITY.sub(rf"\g<1>{HIDDEN}\g<3>", text)))

    def text(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text

    def _value(self, name: str, value: Any) -> Any:
        hide = isinstance(value, str | int) and not isinstance(value, bool) and self._name.search(name)
        return HIDDEN if hide else self.json(value)
