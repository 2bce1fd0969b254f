"""Encode and decode cursors: opaque texts that say where a row is in one list.

The bytes of a cursor before base64:

    | version: 1 | list checksum: 4 | checksum: 4 | position: the rest, as text |

The version says how to read the position, the list checksum ties the cursor to its list, and the last checksum rejects
texts that were changed. Nothing in a cursor is secret or trusted: a forged one is at worst another position in a list
that the client may read anyway.
"""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from struct import Struct
from struct import error as StructError
from typing import Generic, NamedTuple, Protocol, TypeAlias, TypeVar
from zlib import crc32

from graphfold.errors import InvalidInput

__all__ = [
    "Anchor",
    "BackendCursors",
    "Cursors",
    "ListIdentity",
    "OffsetCursors",
    "decode_backend_cursor",
    "decode_offset_cursor",
]

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)

ListIdentity: TypeAlias = tuple[str, *tuple[object, ...]]
"""A list's name, then everything that makes it that list: `("Customer.orders", customer.number, status)`.

The values are compared by their `repr`, which must be the same in every process.
"""

LONGEST_CURSOR = 4_000
"""Most characters of a cursor that a client may send."""

_OFFSET, _BACKEND = 1, 2  # cursors outlive deployments, so a changed layout gets a new version
_HEAD = Struct("!BII")
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


class Anchor(NamedTuple):
    """The row that a page continues after: its offset when the cursor was made, and its key."""

    offset: int
    key: str


class Cursors(Protocol[T_contra]):
    """Makes the cursor of a row of one page. It is called only for cursors that the query selects."""

    def encode(self, index: int, row: T_contra) -> str: ...


@dataclass
class OffsetCursors(Generic[T]):
    """Cursors of consecutive rows of an offset-paged list; `start` is the offset of the first."""

    of: ListIdentity
    start: int
    key: Callable[[T], str]

    def encode(self, index: int, row: T) -> str:
        return _encode(_OFFSET, self._checksum, f"{self.start + index}:{self.key(row)}")

    @cached_property
    def _checksum(self) -> int:
        return _list_checksum(self.of)


@dataclass
class BackendCursors:
    """Cursors of rows for which the backend has cursors of its own."""

    of: ListIdentity
    cursors: list[str]

    def encode(self, index: int, row: object) -> str:
        return _encode(_BACKEND, self._checksum, self.cursors[index])

    @cached_property
    def _checksum(self) -> int:
        return _list_checksum(self.of)


def decode_offset_cursor(of: ListIdentity, text: str) -> Anchor:
    """Return the anchor inside a cursor of `OffsetCursors` for this list. Raise `InvalidInput` for other texts."""
    offset, _, key = _decode(_OFFSET, of, text).partition(":")
    if not (offset.isascii() and offset.isdigit() and len(offset) < 10):
        raise _no_cursor(of)
    return Anchor(int(offset), key)


def decode_backend_cursor(of: ListIdentity, text: str) -> str:
    """Return the backend's cursor inside one of `BackendCursors` for this list. Raise `InvalidInput` otherwise."""
    return _decode(_BACKEND, of, text)


def _list_checksum(of: ListIdentity) -> int:
    # Computed once for each page, because the repr costs more than the rest of a cursor.
    return crc32(repr(of).encode(errors="backslashreplace"))


def _encode(version: int, list_checksum: int, position: str) -> str:
    body = position.encode(errors="surrogatepass")
    head = _HEAD.pack(version, list_checksum, crc32(body, list_checksum ^ version))
    return b2a_base64(head + body, newline=False).translate(_URL_SAFE, b"=").decode()


def _decode(expected_version: int, of: ListIdentity, text: str) -> str:
    if len(text) > LONGEST_CURSOR:
        raise _no_cursor(of)
    try:
        raw = a2b_base64(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4))
        version, list_checksum, _ = _HEAD.unpack_from(raw)
        position = raw[_HEAD.size :].decode(errors="surrogatepass")
    except (ValueError, StructError):
        raise _no_cursor(of) from None
    # Encoding again checks the checksum, and refuses other spellings of the same base64.
    if version != expected_version or _encode(version, list_checksum, position) != text:
        raise _no_cursor(of)
    if list_checksum != _list_checksum(of):
        raise InvalidInput(f"after: this cursor does not belong to {of[0]} with these arguments.")
    return position


def _no_cursor(of: ListIdentity) -> InvalidInput:
    return InvalidInput(f"after: this is not a cursor of {of[0]}; take one from its `pageInfo` or `edges`.")
