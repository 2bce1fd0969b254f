"""The CRM's wire format of a customer: its record, its sparse fields and the changes a merge patch may make."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping

from sandbox.messages import BadRequest

SEGMENTS = ("RETAIL", "BUSINESS", "KEY")

COLUMNS = {
    "custNo": "number",
    "profile.displayName": "name",
    "profile.language": "language",
    "profile.segment": "segment",
    "contact.mail": "mail",
    "contact.phone": "phone",
    "registeredAt": "registered_at",
    "newsletter": "newsletter",
    "vip": "vip",
    "address.line1": "line1",
    "address.zip": "zip",
    "address.town": "town",
    "address.countryCode": "country",
}
"""Every field of the record with its column."""


class Invalid(Exception):
    """A rejected record; `errors` maps each invalid field to the reason."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(str(errors))
        self.errors = errors


def chosen(fields: str | None) -> list[str]:
    """Return the fields that a `fields=` parameter selects: dotted names or whole objects; all if it is absent."""
    if fields is None:
        return list(COLUMNS)
    picked = {"custNo"}
    for name in filter(None, fields.split(",")):
        matching = [field for field in COLUMNS if field == name or field.startswith(f"{name}.")]
        if not matching:
            raise BadRequest("fields", f"does not know {name!r}")
        picked.update(matching)
    return [field for field in COLUMNS if field in picked]


def record(row: sqlite3.Row, fields: list[str]) -> dict[str, object]:
    """Return the wire record with the selected fields, nested as their dotted names say."""
    made: dict[str, object] = {}
    for field in fields:
        outer, _, inner = field.partition(".")
        value = row[COLUMNS[field]]
        if inner:
            made.setdefault(outer, {})[inner] = value  # type: ignore[index]
        else:
            made[outer] = str(value) if field == "custNo" else value
    return made


def changes(document: Mapping[str, object]) -> dict[str, object]:
    """Return the columns that a merge patch sets. Raise Invalid with every field that it must not set so."""
    flat = dict(_flat(document))
    errors = {field: reason for field, value in flat.items() if (reason := _reason(field, value))}
    if errors:
        raise Invalid(errors)
    return {COLUMNS[field]: value for field, value in flat.items()}


def sought(name: str, mail: str) -> str:
    """Return the text that searches match against."""
    return f"{name} {mail}".casefold()


def _flat(document: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for name, value in document.items():
        if isinstance(value, dict):
            yield from ((f"{name}.{inner}", part) for inner, part in value.items())
        else:
            yield name, value


def _reason(field: str, value: object) -> str | None:
    if field not in COLUMNS:
        return "is not a field"
    if field not in RULES:
        return "is read-only"
    rule, wanted = RULES[field]
    return None if rule(value) else wanted


def _filled(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and len(value) <= 200


def _mail(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+", value) is not None


FILLED = (_filled, "must be a text of 1 to 200 characters")
FLAG = (lambda value: value in ("Y", "N"), 'must be "Y" or "N"')
RULES: dict[str, tuple[Callable[[object], bool], str]] = {
    "profile.displayName": FILLED,
    "profile.language": (lambda value: isinstance(value, str) and len(value) == 2, "must be two letters"),
    "profile.segment": (lambda value: value in SEGMENTS, f"must be one of {', '.join(SEGMENTS)}"),
    "contact.mail": (_mail, "is not a mail address"),
    "contact.phone": (lambda value: value is None or _filled(value), "must be a text or null"),
    "newsletter": FLAG,
    "vip": FLAG,
    "address.line1": FILLED,
    "address.zip": FILLED,
    "address.town": FILLED,
    "address.countryCode": (lambda value: isinstance(value, str) and len(value) == 2, "must be two letters"),
}
"""What may be written, each with the rule it must obey and the words for breaking it."""
