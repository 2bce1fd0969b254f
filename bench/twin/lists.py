"""Relay connections and ids."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Generic, TypeVar

import strawberry

T = TypeVar("T")


@strawberry.type
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type
class Edge(Generic[T]):
    node: T
    cursor: str


@strawberry.type
class Connection(Generic[T]):
    nodes: list[T]
    cursors: strawberry.Private[list[str]]
    more: strawberry.Private[bool]
    later: strawberry.Private[bool]

    @strawberry.field
    def edges(self) -> list[Edge[T]]:
        return [Edge(node=node, cursor=cursor) for node, cursor in zip(self.nodes, self.cursors, strict=True)]

    @strawberry.field
    def page_info(self) -> PageInfo:
        first, last = (self.cursors[0], self.cursors[-1]) if self.cursors else (None, None)
        return PageInfo(has_next_page=self.more, has_previous_page=self.later, start_cursor=first, end_cursor=last)


@strawberry.type(name="Connection")
class CountedConnection(Connection[T], Generic[T]):
    total_count: int


def page(nodes: list[T], positions: list[str], more: bool, after: str | None) -> Connection[T]:
    """Return a page of a list whose backend has a position for each row."""
    return Connection(nodes=nodes, cursors=[encoded(p) for p in positions], more=more, later=after is not None)


def counted(nodes: list[T], positions: list[str], total: int, more: bool, after: str | None) -> CountedConnection[T]:
    cursors = [encoded(position) for position in positions]
    return CountedConnection(nodes=nodes, cursors=cursors, more=more, later=after is not None, total_count=total)


def window(nodes: list[T], total: int, offset: int) -> CountedConnection[T]:
    """Return a page of a list whose backend takes limit and offset."""
    end = offset + len(nodes)
    cursors = [encoded(str(index)) for index in range(offset, end)]
    return CountedConnection(nodes=nodes, cursors=cursors, more=end < total, later=offset > 0, total_count=total)


def behind(after: str | None) -> str | None:
    return urlsafe_b64decode(after).decode() if after else None


def offset_behind(after: str | None) -> int:
    return int(behind(after) or -1) + 1


def encoded(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode()


def global_id(kind: str, key: str) -> strawberry.ID:
    return strawberry.ID(encoded(f"{kind}:{key}").rstrip("="))


def key_of(id_or_key: str) -> str:
    """Return the business key from a global id, or the text itself."""
    try:
        text = urlsafe_b64decode(id_or_key + "=" * (-len(id_or_key) % 4)).decode()
    except ValueError:
        return id_or_key
    return text.partition(":")[2] or id_or_key
