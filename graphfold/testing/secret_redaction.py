"""The secrets themselves, as the requests show them: hidden wherever they stand, under whatever name."""

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
from graphfold.transport.discretion import DISCRETION, Discretion
from graphfold.transport.echo import SHORTEST, texts_in

__all__ = ["SecretRedactor", "discretion_of"]

_CARRIERS = ("authorization", "cookie", "proxy-authorization")

_NOTHING = "(?!)"


class SecretRedactor:
    """`secrets` are hidden however short. What is learned is hidden from eight characters on, as in `transport.echo`:
    shorter texts may be part of ordinary words, and are hidden in their places only.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._given = {text for text in secrets if text}
        self._learned: set[str] = set()
        self._known: re.Pattern[str] | None = None

    def learn(self, request: httpx.Request) -> None:
        """What the credential of its backend is made of, and what stands where credentials do."""
        places, secrets = discretion_of(request)
        self._learned.update(secret.text for secret in secrets)
        carriers, given = {*map(str.lower, places), *_CARRIERS}, parse_qsl(request.url.query.decode())
        for name in carriers & request.headers.keys():
            self._learned.update(texts_in(name, request.headers[name]))
        self._learned.update(value for name, value in given if f"?{name}" in places)
        self._known = None

    def hide(self, told: Any) -> Any:
        """The same data without them."""
        if self._known is None:
            self._known = _pattern(self._given | {text for text in self._learned if len(text) >= SHORTEST})
        return _hidden(told, self._known)


def discretion_of(request: httpx.Request) -> Discretion:
    """Nothing is known of a request that no graph made."""
    found: Discretion = request.extensions.get(DISCRETION, Discretion())
    return found


def _pattern(texts: set[str]) -> re.Pattern[str]:
    """Finds any of them, the longest first."""
    written = {form for text in texts for form in (text, *_encoded(text))}
    ways = ["".join(map(_letter, text)) for text in sorted(written, key=len, reverse=True)]
    return re.compile("|".join(ways) or _NOTHING)


@lru_cache(maxsize=1_024)
def _letter(letter: str) -> str:
    """A letter as it is, and as URLs, XML and JSON write it, each once or quoted in another."""
    if letter.isascii() and letter.isalnum():
        return letter
    ways = {letter, f"\\{letter}", quote(letter, safe=""), *_in_xml(letter), *_in_json(letter)}
    ways |= {way.lower() for way in ways} | ({"+"} if letter == " " else set())
    return f"(?:{'|'.join(map(re.escape, sorted(ways, key=len, reverse=True)))})"


def _in_xml(letter: str) -> Iterator[str]:
    for once in (escape(letter, {'"': "&quot;", "'": "&apos;"}), f"&#{ord(letter)};", f"&#x{ord(letter):X};"):
        yield from (once, escape(once))


def _in_json(letter: str) -> Iterator[str]:
    for once in (json.dumps(letter)[1:-1], f"\\u{ord(letter):04X}"):
        yield from (once, json.dumps(once)[1:-1])


def _encoded(text: str) -> Iterable[str]:
    """Of a short text that is too little to be told from anything else."""
    return base64_forms(text) if len(text) >= SHORTEST else ()


def _hidden(told: Any, known: re.Pattern[str]) -> Any:
    if isinstance(told, dict):
        return {known.sub(REDACTED, name): _hidden(part, known) for name, part in told.items()}
    if isinstance(told, list):
        return [_hidden(part, known) for part in told]
    if isinstance(told, str):
        return known.sub(REDACTED, told)
    return REDACTED if known.fullmatch(str(told)) else told
