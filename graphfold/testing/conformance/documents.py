"""A sample reply as something to make other replies of: with other keys, in another order, with other values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

__all__ = ["ABSENT", "EMPTY", "NULL", "Document", "Key"]

Key = tuple[str, ...]
"""A key's texts: one, or the parts of a compound key."""

NULL, EMPTY, ABSENT = object(), "", object()
"""What a field can be made, beside any text."""


class Document(Protocol):
    """`keys` are those of the sample, in order."""

    media_type: str

    def of(self, keys: Sequence[Key]) -> bytes:
        """The reply with an entry for each of these keys in this order; ones the sample lacks are like its first."""
        ...

    def holds(self, key: Key) -> bool:
        """Whether the reply says this key anywhere."""
        ...

    def with_field(self, paths: Sequence[tuple[str, ...]], path: tuple[str, ...], value: Any) -> bytes | None:
        """The reply with the field at `path` changed wherever there is a record with all `paths`; None where not."""
        ...

    def whole(self) -> bytes: ...
