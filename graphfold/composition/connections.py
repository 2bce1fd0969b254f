"""Make Relay connections: pages of a list in the shape that client libraries expect. Paging runs forward only.

    OrderConnection = CountedConnection[Order]          # schema: a list whose backend has a total

    async def orders(self: Customer, shop: Shop, first: First = 20, after: After = None) -> OrderConnection | None:
        async def fetch(limit: int, offset: int) -> Page[Order]:
            return await shop.orders_of.load(self.number, limit=limit, offset=offset)
        return await OrderConnection.over_offsets(
            fetch, first, after, of=("Customer.orders", self.number), key=lambda order: order.number
        )

A connection holds its rows and an encoder of cursors: edges and cursors are made only if the query selects them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Generic, Self, TypeAlias, TypeVar

import strawberry

from graphfold.composition.cursors import (
    BackendCursors,
    Cursors,
    ListIdentity,
    OffsetCursors,
    decode_backend_cursor,
    decode_offset_cursor,
)
from graphfold.composition.offset_paging import FetchOffset, OffsetPager
from graphfold.errors import Internal, InvalidInput, LimitExceeded
from graphfold.extensions import add_extension
from graphfold.page import Page

__all__ = [
    "After",
    "Connection",
    "CountedConnection",
    "Edge",
    "FetchCursor",
    "First",
    "PageInfo",
    "max_page_size",
]

T = TypeVar("T")

First = Annotated[
    int,
    strawberry.argument(
        description="The number of rows to return, at most the gateway's page size. 0 returns no rows."
    ),
]
"""The argument `first` of a list: `first: First = 20`."""

After = Annotated[
    str | None,
    strawberry.argument(
        description="Return the rows after this cursor, which must be of this list; without it, the first rows."
    ),
]
"""The argument `after` of a list: `after: After = None`."""

FetchCursor: TypeAlias = Callable[[int, str | None], Awaitable[Page[T]]]
"""`fetch(limit, after)`: at most `limit` rows behind the backend's cursor `after` (None: the first), and cursors."""

max_page_size: ContextVar[int] = ContextVar("graphfold_max_page_size", default=100)
"""The limit for `first`: `Settings.max_page_size`, set around each operation."""


@strawberry.type(description="The position of a page in its list, and whether more pages follow.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether rows follow this page.")
    has_previous_page: bool = strawberry.field(description="Whether rows precede this page.")
    start_cursor: str | None = strawberry.field(description="The cursor of the first row; null on an empty page.")
    end_cursor: str | None = strawberry.field(
        description="The cursor of the last row, for the next page's `after`; null on an empty page."
    )


@strawberry.type(description="A row of a list, and its cursor.")
class Edge(Generic[T]):
    node: T = strawberry.field(description="The row.")
    cursor: str = strawberry.field(
        description="The position of the row: pass it as `after` to get the rows that follow."
    )


def _edges(self: Connection[Any]) -> list[Edge[Any]]:
    return [Edge(node=row, cursor=self.cursors.encode(index, row)) for index, row in enumerate(self.nodes)]


def _page_info(self: Connection[Any]) -> PageInfo:
    rows, cursors = self.nodes, self.cursors
    return PageInfo(
        has_next_page=self.has_next,
        has_previous_page=self.has_previous,
        start_cursor=cursors.encode(0, rows[0]) if rows else None,
        end_cursor=cursors.encode(len(rows) - 1, rows[-1]) if rows else None,
    )


@strawberry.type(description="A page of a list that can grow.")
class Connection(Generic[T]):
    """A page of a list whose backend has no total: `CustomerConnection = Connection[Customer]`."""

    counted: ClassVar[bool] = False

    nodes: list[T] = strawberry.field(description="The rows of the page.")
    edges: list[Edge[T]] = strawberry.field(resolver=_edges, description="The rows with their cursors.")
    page_info: PageInfo = strawberry.field(
        resolver=_page_info, description="The position of the page, and whether more pages follow."
    )
    cursors: strawberry.Private[Cursors[T]]
    has_next: strawberry.Private[bool]
    has_previous: strawberry.Private[bool]
    total_count: strawberry.Private[int | None] = None

    if not TYPE_CHECKING:  # type checkers need the inherited method

        def __class_getitem__(cls, of: Any) -> Any:
            """Return the generic alias with the constructors as attributes of its own.

            typing finds them by `__getattr__` of the alias, which takes a fifth of a page's time.
            """
            alias = super().__class_getitem__(of)
            vars(alias).update(over_cursors=cls.over_cursors, over_offsets=cls.over_offsets)
            return alias

    @classmethod
    async def over_cursors(cls, fetch: FetchCursor[T], first: int, after: str | None, *, of: ListIdentity) -> Self:
        """Make a page of a backend with a cursor for each row: it decides what inserts and deletes do to paging.

        `of` names the list and what makes it that list (arguments, parent). If a page does not say `more`, a full one
        is taken to have a next. Raise `InvalidInput` and `LimitExceeded` for wrong arguments.
        """
        size = _page_size(first)
        limit = max(size, 1)  # `first: 0` needs a row, too, to know whether there are any
        page = await fetch(limit, None if after is None else decode_backend_cursor(of, after))
        rows, cursors = page.items[:size], page.cursors
        if cursors is None or len(cursors) != len(page.items):
            raise Internal("A list cannot be paged.", internal=f"{of[0]}: fetch() must return one cursor for each item")
        more = len(page.items) > size or (page.more if page.more is not None else len(page.items) >= limit)
        return cls(
            nodes=rows,
            cursors=BackendCursors(of, cursors),
            has_next=_has_next(of, size, rows, more),
            has_previous=after is not None,
            total_count=page.total,
        )

    @classmethod
    async def over_offsets(
        cls, fetch: FetchOffset[T], first: int, after: str | None, *, of: ListIdentity, key: Callable[[T], str]
    ) -> Self:
        """Make a page of a backend that takes limit and offset. The rows of earlier pages are not read again.

        `of` names the list and what makes it that list (arguments, parent); `key` is unique among its rows. Rows that
        were inserted or deleted in front since the last page do not disturb this one; where that fails,
        `extensions.pagination` says so. A connection without a count fetches one row more than the page, and a page
        behind a cursor also the cursor's row. Raise `InvalidInput` and `LimitExceeded` for wrong arguments.
        """
        size = _page_size(first)
        limit = max(size if cls.counted else size + 1, 1)
        pager = OffsetPager(fetch, key)
        if after is None:
            page = await pager.first(limit)
        else:
            limit += 1
            page = await pager.after(decode_offset_cursor(of, after), limit)
            if not page.skip:
                message = "Rows before this page have changed since the previous page: some may be skipped or repeated."
                add_extension("pagination", {"connection": of[0], "after": after, "message": message})
        rows, start = page.rows(size), page.offset + page.skip
        return cls(
            nodes=rows,
            cursors=OffsetCursors(of, start, key),
            has_next=_has_next(of, size, rows, page.has_rows_from(start + len(rows), limit)),
            has_previous=start > 0,
            total_count=page.page.total,
        )


@strawberry.type(name="Connection", description="A page of a list that can grow and whose length is known.")
class CountedConnection(Connection[T], Generic[T]):
    """A page of a list whose backend has a total: `OrderConnection = CountedConnection[Order]`."""

    counted: ClassVar[bool] = True

    total_count: int | None = strawberry.field(default=None, description="The number of rows in the whole list.")


def _page_size(first: int) -> int:
    limit = max_page_size.get()
    if first < 0:
        raise InvalidInput(f"first: must be 0 or more, not {first}.")
    if first > limit:
        raise LimitExceeded(f"first: {first} is too large; the limit is {limit} (GRAPHFOLD_MAX_PAGE_SIZE).")
    return first


def _has_next(of: ListIdentity, size: int, rows: list[Any], more: bool) -> bool:
    """Return whether a client can fetch a next page. An empty page is the last: it has no cursor to continue from.

    A backend that gives no rows but says that there are more is reported in `extensions.pagination`.
    """
    if more and size and not rows:
        message = "The backend reports more rows but returned none; they are missing here."
        add_extension("pagination", {"connection": of[0], "message": message})
        return False
    return more
