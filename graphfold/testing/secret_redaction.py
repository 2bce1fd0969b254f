"""Redaction by value: the secrets that requests were signed with, wherever they occur and however they are spelled."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, quote
from xml.sax.saxutils import escape

import httpx

from graphfold.testing.base64_forms import base64_forms
from graphfold.testing.name_redaction import REDACTED
from graphfold.transport.redaction import MIN_SECRET_LENGTH, SENSITIVE_EXTENSION, SensitiveParts, secret_texts

__all__ = ["SecretRedactor", "discretion_of"]

_CREDENTIAL_HEADERS = ("authorization", "cookie", "proxy-authorization")

_MATCHES_NOTHING = "(?!)"


class SecretRedactor:
    """A redactor that collects the secrets of requests.

    The `secrets` it is created with are redacted at any length. Those it learns are redacted from eight characters on,
    as in `transport.redaction`: a shorter text may be part of ordinary words, so it is redacted by place and name only.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._declared = {text for text in secrets if text}
        self._learned: set[str] = set()
        self._pattern: re.Pattern[str] | None = None  # built when first needed after something was learned

    def learn(self, request: httpx.Request) -> None:
        """Add the secrets of the backend's credential, and the values of headers and parameters that carry them."""
        places, secrets = discretion_of(request)
        self._learned.update(secret.text for secret in secrets)
        for name in {*map(str.lower, places), *_CREDENTIAL_HEADERS} & request.headers.keys():
            self._learned.update(secret_texts(name, request.headers[name]))
        parameters = parse_qsl(request.url.query.decode())
        self._learned.update(value for name, value in parameters if f"?{name}" in places)
        self._pattern = None

    def redact(self, data: Any) -> Any:
        """Return the same JSON data, or text, without the secrets."""
        if self._pattern is None:
            self._pattern = _pattern(
                self._declared | {text for text in self._learned if len(text) >= MIN_SECRET_LENGTH}
            )
        return _redact(data, self._pattern)


def discretion_of(request: httpx.Request) -> SensitiveParts:
    """Return where a request's credential is and what it is made of: nothing, for a request that no graph made."""
    discretion: SensitiveParts = request.extensions.get(SENSITIVE_EXTENSION, SensitiveParts())
    return discretion


def _pattern(texts: set[str]) -> re.Pattern[str]:
    """Compile a pattern that finds any spelling of any of the texts, the longest first."""
    spelled = {*texts}
    for text in texts:
        if len(text) >= MIN_SECRET_LENGTH:  # what base64 has of a shorter text is too short to be unmistakable
            spelled.update(base64_forms(text))
    alternatives = ["".join(map(_letter_pattern, text)) for text in sorted(spelled, key=len, reverse=True)]
    return re.compile("|".join(alternatives) or _MATCHES_NOTHING)


@lru_cache(maxsize=1_024)
def _letter_pattern(letter: str) -> str:
    """Return a pattern for a letter in plain and as URLs, XML and JSON escape it, once or one inside the other."""
    if letter.isascii() and letter.isalnum():
        return letter
    spelled = {letter, f"\\{letter}", quote(letter, safe=""), *_in_xml(letter), *_in_json(letter)}
    spelled |= {each.lower() for each in spelled} | ({"+"} if letter == " " else set())
    return f"(?:{'|'.join(map(re.escape, sorted(spelled, key=len, reverse=True)))})"


def _in_xml(letter: str) -> Iterator[str]:
    for once in (escape(letter, {'"': "&quot;", "'": "&apos;"}), f"&#{ord(letter)};", f"&#x{ord(letter):X};"):
        yield from (once, escape(once))


def _in_json(letter: str) -> Iterator[str]:
    for once in (json.dumps(letter)[1:-1], f"\\u{ord(letter):04X}"):
        yield from (once, json.dumps(once)[1:-1])


def _redact(data: Any, pattern: re.Pattern[str]) -> Any:
    if isinstance(data, dict):
        return {pattern.sub(REDACTED, name): _redact(part, pattern) for name, part in data.items()}
    if isinstance(data, list):
        return [_redact(part, pattern) for part in data]
    if isinstance(data, str):
        return pattern.sub(REDACTED, data)
    return REDACTED if pattern.fullmatch(str(data)) else data
