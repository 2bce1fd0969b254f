"""A sample reply as something to make other replies of: with other keys, in another order, with other values."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

__all__ = ["ABSENT", "EMPTY", "NULL", "Key", "Path", "ReplyTemplate", "equal"]

Key = tuple[str, ...]
"""A key's texts: one, or the parts of a compound key."""

Path = tuple[str, ...]
"""Where a field stands below its record, in the backend's names."""

NULL, EMPTY, ABSENT = object(), "", object()
"""What a field can be made, beside any text."""


class ReplyTemplate(Protocol):
    """`keys` are those of the sample, in order."""

    media_type: str

    def with_keys(self, keys: Sequence[Key]) -> bytes:
        """The reply with an entry for each of these keys in this order; ones the sample lacks are like its first."""
        ...

    @property
    def allows_duplicates(self) -> bool:
        """Whether it can have two entries for a key: an object has one for each name."""
        ...

    def mentions(self, key: Key) -> bool:
        """Whether the reply says this key anywhere."""
        ...

    def with_field(self, paths: Sequence[Path], way: Sequence[Path], value: Any) -> bytes | None:
        """The reply with a field changed wherever there is a record with all `paths`; None where there is none.

        `way` leads from the record to the field: a path for each row that is gone through.
        """
        ...

    def with_value(self, old: Any, new: Any) -> bytes | None:
        """The reply with every such text or number changed that is no key; None where there is none."""
        ...

    def original(self) -> bytes: ...


def equal(text: str, value: str | int | Decimal) -> bool:
    """Whether this text on the wire is the value: 1.10 is 1.1, but 007 is 7 only where numbers are meant."""
    if isinstance(value, str):
        return text == value
    try:
        return Decimal(text) == Decimal(value)
    except InvalidOperation:
        return False
