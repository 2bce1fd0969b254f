"""Page through a list by offset without skipping or repeating rows when the list changes between two requests.

Rows are inserted and deleted in front of a page, and all offsets behind shift. So a cursor also has the key of its row.
The next page is fetched from that row (the anchor) on, and the reply must begin with it:

    cursor of c, made at offset 2      a  b [c] d  e  f
    later, after x was inserted        x  a  b [c] d  e  f
    fetch(4, 2)                              b  c  d  e       the anchor is at 1 instead of 0: fetch(4, 3)
    fetch(4, 3)                                 c  d  e  f    the anchor is at 0: the next page is d, e, f

If the reply has no anchor at all, it is searched nearby. The page is always cut from a single reply with the anchor in
it, so rows that keep their order are neither skipped nor repeated.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from graphfold.composition.cursors import Anchor
from graphfold.page import Page

__all__ = ["AnchoredPage", "FetchOffset", "OffsetPager"]

T = TypeVar("T")

FetchOffset: TypeAlias = Callable[[int, int], Awaitable[Page[T]]]
"""`fetch(limit, offset)`: the list's rows from `offset` (0: the first) on, at most `limit`."""

MAX_REFETCHES = 3
"""How often a page is fetched again because the list has moved once more."""

SEARCH_DISTANCE = 20
"""Rows that are searched for the anchor before and behind its old offset; the page size, if that is more."""


@dataclass(frozen=True, slots=True)
class AnchoredPage(Generic[T]):
    """A reply: `offset` is that of its first row, `skip` counts the rows up to the anchor (0: no anchor in it)."""

    page: Page[T]
    offset: int
    skip: int = 0

    @property
    def end(self) -> int:
        """The offset behind the reply's last row."""
        return self.offset + len(self.page.items)

    def rows(self, size: int) -> list[T]:
        """Return at most `size` rows behind the anchor."""
        return self.page.items[self.skip : self.skip + size]

    def has_rows_from(self, offset: int, limit: int) -> bool:
        """Return whether the list has rows from `offset` on.

        If the backend says neither a total nor whether there are more, a reply of `limit` rows means yes.
        """
        if self.end > offset:
            return True
        if self.page.total is not None:
            return self.page.total > offset
        return self.page.more if self.page.more is not None else len(self.page.items) >= limit


@dataclass(frozen=True, slots=True)
class OffsetPager(Generic[T]):
    """Fetches pages of a list; `key` is unique among its rows."""

    fetch: FetchOffset[T]
    key: Callable[[T], str]

    async def first(self, limit: int) -> AnchoredPage[T]:
        return AnchoredPage(await self.fetch(limit, 0), 0)

    async def after(self, anchor: Anchor, limit: int) -> AnchoredPage[T]:
        """Fetch `limit` rows that begin with the anchor; without it (`skip` 0) if it is not found."""
        page = await self._fetch(anchor.offset, limit, anchor.key)
        for _ in range(MAX_REFETCHES):
            # The anchor in front, or further back in the last rows of the list: nothing is missing behind it.
            if page.skip == 1 or (page.skip and not page.has_rows_from(page.end, limit)):
                break
            offset = await self._find_anchor(page, anchor.key, limit)
            if offset is None:
                break
            page = await self._fetch(offset, limit, anchor.key)
        return page

    async def _fetch(self, offset: int, limit: int, key: str) -> AnchoredPage[T]:
        page = await self.fetch(limit, offset)
        return AnchoredPage(page, offset, self._index(page, key) + 1)

    async def _find_anchor(self, page: AnchoredPage[T], key: str, limit: int) -> int | None:
        """Return the anchor's offset by now; None if it is not nearby.

        Later offsets are searched first: more lists grow in front than shrink there.
        """
        if page.skip:
            return page.offset + page.skip - 1
        distance = max(limit, SEARCH_DISTANCE)
        later = distance if page.has_rows_from(page.end, limit) else 0
        earlier = min(distance, page.offset)
        for count, offset in ((later, page.end), (earlier, page.offset - earlier)):
            index = self._index(await self.fetch(count, offset), key) if count else -1
            if index >= 0:
                return offset + index
        return None

    def _index(self, page: Page[T], key: str) -> int:
        return next((index for index, row in enumerate(page.items) if self.key(row) == key), -1)
