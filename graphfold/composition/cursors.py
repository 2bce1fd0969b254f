"""Cursors: where a row is in one list. Opaque to clients, good for that list alone, checked before they are believed.

Inside, before base64: the layout's version (1 byte), the list's mark (4), a checksum (4), then the place as text.
Nothing in it is secret and nothing is trusted: a forged cursor is at worst another place in the client's own list.
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

_OFFSET, _BACKEND = 1, 2  # a changed layout gets a new number: cursors outlive deployments
_HEAD = Struct("!BII")
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


class Anchor(NamedTuple):
    """The row a page continues after: where it was when it was told, and its key."""

    offset: int
    key: str


class Cursors(Protocol[T_contra]):
    """Makes the cursor of a connection's row when somebody asks for it."""

    def at(self, index: int, row: T_contra) -> str: ...


@dataclass
class OffsetCursors(Generic[T]):
    """Cursors of consecutive rows of an offset-paged list; `start` is the offset of the first."""

    of: ListIdentity
    start: int
    key: Callable[[T], str]

    def at(self, index: int, row: T) -> str:
        return _write(_OFFSET, self._mark, f"{self.start + index}:{self.key(row)}")

    @cached_property
    def _mark(self) -> int:
        return _mark_of(self.of)


@dataclass
class BackendCursors:
    """Cursors of rows for which the backend has cursors of its own."""

    of: ListIdentity
    cursors: list[str]

    def at(self, index: int, row: object) -> str:
        return _write(_BACKEND, self._mark, self.cursors[index])

    @cached_property
    def _mark(self) -> int:
        return _mark_of(self.of)


def decode_offset_cursor(of: ListIdentity, text: str) -> Anchor:
    """What `OffsetCursors` wrote for this list. Raises `InvalidInput` for anything else."""
    offset, _, key = _read(_OFFSET, of, text).partition(":")
    if not (offset.isascii() and offset.isdigit() and len(offset) < 10):
        raise _no_cursor(of)
    return Anchor(int(offset), key)


def decode_backend_cursor(of: ListIdentity, text: str) -> str:
    """The backend's cursor that `BackendCursors` wrapped for this list. Raises `InvalidInput` for anything else."""
    return _read(_BACKEND, of, text)


def _mark_of(of: ListIdentity) -> int:
    """A short mark of a list. Made once for a page, since it costs more than a cursor."""
    return crc32(repr(of).encode(errors="backslashreplace"))


def _write(version: int, mark: int, place: str) -> str:
    body = place.encode(errors="surrogatepass")
    head = _HEAD.pack(version, mark, crc32(body, mark ^ version))
    return b2a_base64(head + body, newline=False).translate(_URL_SAFE, b"=").decode()


def _read(version: int, of: ListIdentity, text: str) -> str:
    if len(text) > LONGEST_CURSOR:
        raise _no_cursor(of)
    try:
        raw = a2b_base64(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4))
        found, mark, _ = _HEAD.unpack_from(raw)
        place = raw[_HEAD.size :].decode(errors="surrogatepass")
    except (ValueError, StructError):
        raise _no_cursor(of) from None
    if found != version or _write(found, mark, place) != text:
        raise _no_cursor(of)
    if mark != _mark_of(of):
        raise InvalidInput(f"after: this cursor is of another list than {of[0]} with these arguments.")
    return place


def _no_cursor(of: ListIdentity) -> InvalidInput:
    return InvalidInput(f"after: this is not a cursor of {of[0]}; take one from its `pageInfo` or `edges`.")
