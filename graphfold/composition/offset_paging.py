"""Paging over offsets that does not lose its place: a page is read from its anchor row on, and the anchor is verified.

Rows come and go in front of a page between two requests, and offsets shift with them. So a cursor also carries its
row's key: the next page starts with that row (the anchor), and where another row is found there, the anchor is looked
for nearby. What is told is cut from one reply that has the anchor in it, so nothing between the pages is skipped or
told twice, as long as rows keep their order among themselves.
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

TRIES = 3
"""How often a page is read again when the list moves under our hands."""

NEARBY = 20
"""Rows to look at on either side of where the anchor was; a page, where pages are larger."""


@dataclass(frozen=True, slots=True)
class AnchoredPage(Generic[T]):
    """One reply: `at` is the offset of its first row, `skip` counts the rows up to the anchor (0: it is not there)."""

    page: Page[T]
    at: int
    skip: int = 0

    @property
    def end(self) -> int:
        """The offset behind the reply's last row."""
        return self.at + len(self.page.items)

    def rows(self, size: int) -> list[T]:
        """The rows to tell: at most `size`, from behind the anchor."""
        return self.page.items[self.skip : self.skip + size]

    def more_behind(self, offset: int, limit: int) -> bool:
        """Has the list rows from `offset` on? Where the backend tells nothing, a full reply is taken for a yes."""
        if self.end > offset:
            return True
        if self.page.total is not None:
            return self.page.total > offset
        return self.page.more if self.page.more is not None else len(self.page.items) >= limit


@dataclass(frozen=True, slots=True)
class OffsetPager(Generic[T]):
    """A list behind `fetch`; `key` tells a row from every other of the list."""

    fetch: FetchOffset[T]
    key: Callable[[T], str]

    async def first(self, limit: int) -> AnchoredPage[T]:
        return AnchoredPage(await self.fetch(limit, 0), 0)

    async def after(self, anchor: Anchor, limit: int) -> AnchoredPage[T]:
        """`limit` rows with the anchor in front, wherever it is now; without it (`skip` 0) where it is not found."""
        window = await self._read(anchor.offset, limit, anchor.key)
        for _ in range(TRIES):
            if window.skip == 1 or (window.skip and not window.more_behind(window.end, limit)):
                break
            found = await self._whereabouts(window, anchor.key, limit)
            if found is None:
                break
            window = await self._read(found, limit, anchor.key)
        return window

    async def _read(self, at: int, limit: int, key: str) -> AnchoredPage[T]:
        page = await self.fetch(limit, at)
        return AnchoredPage(page, at, self._place(page, key) + 1)

    async def _whereabouts(self, window: AnchoredPage[T], key: str, limit: int) -> int | None:
        """Where the anchor is by now. Ahead first: lists grow in front more often than they shrink there."""
        if window.skip:
            return window.at + window.skip - 1
        reach = max(limit, NEARBY)
        ahead = reach if window.more_behind(window.end, limit) else 0
        behind = min(reach, window.at)
        for count, at in ((ahead, window.end), (behind, window.at - behind)):
            place = self._place(await self.fetch(count, at), key) if count else -1
            if place >= 0:
                return at + place
        return None

    def _place(self, page: Page[T], key: str) -> int:
        return next((place for place, row in enumerate(page.items) if self.key(row) == key), -1)
