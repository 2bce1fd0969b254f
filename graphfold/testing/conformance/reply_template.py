"""Templates: a sample reply from which replies with other keys, in another order or with other values are made."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

__all__ = ["ABSENT", "EMPTY", "NULL", "Key", "Path", "ReplyTemplate", "equal"]

Key = tuple[str, ...]
"""The texts of a key on the wire: one, or the parts of a compound key."""

Path = tuple[str, ...]
"""The names on the way from a record to one of its fields, as the backend calls them."""

NULL, EMPTY, ABSENT = object(), "", object()
"""What a field can be set to, beside any text."""


class ReplyTemplate(Protocol):
    """A sample reply that has an entry for each of the sample's keys. JSON and XML have one class each."""

    media_type: str

    def original(self) -> bytes:
        """Return the reply as it is."""
        ...

    def with_keys(self, keys: Sequence[Key]) -> bytes:
        """Return the reply with an entry for each of these keys, in this order.

        The entry of a key that the sample lacks is a copy of the first entry, with the key replaced.
        """
        ...

    @property
    def allows_duplicates(self) -> bool:
        """Whether it can have two entries for one key; a JSON object cannot."""
        ...

    def mentions(self, key: Key) -> bool:
        """Return whether the key occurs anywhere in the reply."""
        ...

    def with_field(self, record_paths: Sequence[Path], field_paths: Sequence[Path], value: Any) -> bytes | None:
        """Return the reply with one field of every record set to `value`, or None if the reply has no such record.

        A record is an object that has all of `record_paths`. `field_paths` lead from it to the field: one path for each
        row on the way, and that of the field in the last row.
        """
        ...

    def with_value(self, old: Any, new: Any) -> bytes | None:
        """Return the reply with every occurrence of a value replaced, or None if it has none; keys do not count."""
        ...


def equal(text: str, value: str | int | Decimal) -> bool:
    """Return whether a text on the wire stands for the value: numbers are compared as numbers, texts exactly."""
    if isinstance(value, str):
        return text == value
    try:
        return Decimal(text) == Decimal(value)
    except InvalidOperation:
        return False
