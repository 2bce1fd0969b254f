"""Connections: their schema, their pages, and the backend calls that they make."""

from __future__ import annotations

import sys
import typing
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import strawberry

from graphfold.composition.connections import After, Connection, CountedConnection, First, max_page_size
from graphfold.composition.global_ids import Node
from graphfold.errors import Internal, InvalidInput, LimitExceeded
from graphfold.extensions import collect_extensions
from graphfold.page import Page

pytestmark = pytest.mark.anyio


@strawberry.type
class Order(Node, key="number"):
    number: str


@strawberry.type
class Review(Node, key="number"):
    number: str


@strawberry.type
class Invoice(Node, key="number"):
    number: str


OrderConnection = CountedConnection[Order]
ReviewConnection = Connection[Review]


@strawberry.type
class InvoiceConnection(CountedConnection[Invoice]):
    """A subclass is for a connection with fields of its own."""

    overdue: int = 0


class Backend:
    """Lists in memory. `calls` are the requested pages, `includes` the facts that its pages have besides their rows."""

    def __init__(self) -> None:
        self.rows = [str(number) for number in range(1, 26)]
        self.calls: list[tuple[int, object]] = []
        self.includes = {"total": True, "more": True, "cursors": True}

    async def orders(self, limit: int, offset: int) -> Page[Order]:
        self.calls.append((limit, offset))
        rows = self.rows[offset : offset + limit]
        return Page([Order(number=row) for row in rows], total=len(self.rows) if self.includes["total"] else None)

    async def plain(self, limit: int, offset: int) -> Page[Review]:
        self.calls.append((limit, offset))
        return Page([Review(number=row) for row in self.rows[offset : offset + limit]])

    async def reviews(self, limit: int, after: str | None) -> Page[Review]:
        self.calls.append((limit, after))
        rows = [row for row in self.rows if after is None or int(row) > int(after[1:])]
        return Page(
            [Review(number=row) for row in rows[:limit]],
            cursors=[f"@{row}" for row in rows[:limit]] if self.includes["cursors"] else None,
            more=len(rows) > limit if self.includes["more"] else None,
        )


@strawberry.type
class Query:
    @strawberry.field
    async def orders(
        self, info: strawberry.Info[Backend], first: First = 20, after: After = None, of: str = ""
    ) -> OrderConnection | None:
        return await OrderConnection.over_offsets(
            info.context.orders, first, after, of=("Query.orders", of), key=lambda order: order.number
        )

    @strawberry.field
    async def plain(
        self, info: strawberry.Info[Backend], first: First = 20, after: After = None
    ) -> ReviewConnection | None:
        return await ReviewConnection.over_offsets(
            info.context.plain, first, after, of=("Query.plain",), key=lambda review: review.number
        )

    @strawberry.field
    async def reviews(
        self, info: strawberry.Info[Backend], first: First = 20, after: After = None
    ) -> ReviewConnection | None:
        return await ReviewConnection.over_cursors(info.context.reviews, first, after, of=("Query.reviews",))

    @strawberry.field
    def invoices(self) -> InvoiceConnection | None:
        return None


SCHEMA = strawberry.Schema(Query)
PAGE = "nodes { number } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"


@pytest.fixture
def backend() -> Backend:
    return Backend()


async def ask(backend: Backend, field: str, selected: str = PAGE, **arguments: Any) -> Any:
    """Return the connection of a field, `nodes` as their numbers; raise the error if there is one."""
    types = {"first": "Int!", "after": "String", "of": "String!"}
    declared = ", ".join(f"${name}: {types[name]}" for name in arguments)
    passed = ", ".join(f"{name}: ${name}" for name in arguments)
    query = (
        f"query {f'({declared})' if declared else ''} {{ {field}{f'({passed})' if passed else ''} {{ {selected} }} }}"
    )
    result = await SCHEMA.execute(query, variable_values=arguments, context_value=backend)
    for error in result.errors or ():
        raise error.original_error or error
    assert result.data is not None
    answer = result.data[field]
    return {**answer, "nodes": [node["number"] for node in answer.get("nodes", ())]}


async def walk(backend: Backend, field: str, first: int) -> list[list[str]]:
    pages, after, more = [], None, True
    while more:
        page = await ask(backend, field, first=first, after=after)
        pages.append(page["nodes"])
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    return pages


@contextmanager
def page_limit(limit: int) -> Iterator[None]:
    token = max_page_size.set(limit)
    try:
        yield
    finally:
        max_page_size.reset(token)


def test_schema_has_relay_names_and_descriptions() -> None:
    introspection = SCHEMA.introspect()["__schema"]["types"]
    types = {each["name"]: each for each in introspection}
    fields = {name: [field["name"] for field in each["fields"] or ()] for name, each in types.items()}
    page = ["nodes", "edges", "pageInfo"]
    assert fields["ReviewConnection"] == page
    assert fields["OrderConnection"] == [*page, "totalCount"]
    assert fields["InvoiceConnection"] == [*page, "totalCount", "overdue"]
    assert fields["OrderEdge"] == fields["ReviewEdge"] == fields["InvoiceEdge"] == ["node", "cursor"]
    assert fields["PageInfo"] == ["hasNextPage", "hasPreviousPage", "startCursor", "endCursor"]
    assert [name for name in types if "Counted" in name] == []
    for name in ("OrderConnection", "ReviewConnection", "OrderEdge", "PageInfo", "Node"):
        assert types[name]["description"]
        assert all(field["description"] for field in types[name]["fields"])
    assert all(a["description"] for a in types["Query"]["fields"][1]["args"])


def test_schema_nullability_follows_relay() -> None:
    sdl = SCHEMA.as_str()
    for line in (
        "nodes: [Order!]!",
        "edges: [OrderEdge!]!",
        "pageInfo: PageInfo!",
        "totalCount: Int\n",
        "node: Order!",
    ):
        assert f"  {line}" in sdl
    assert "first: Int! = 20" in sdl


@pytest.mark.parametrize("field", ["orders", "plain", "reviews"])
@pytest.mark.parametrize("first", [1, 2, 7, 20, 25, 26, 100])
async def test_walking_all_pages_returns_each_row_once(backend: Backend, field: str, first: int) -> None:
    pages = await walk(backend, field, first)
    assert [row for page in pages for row in page] == backend.rows
    assert all(len(page) == first for page in pages[:-1])


@pytest.mark.parametrize("field", ["orders", "plain", "reviews"])
async def test_empty_list_has_an_empty_page(backend: Backend, field: str) -> None:
    backend.rows = []
    page = await ask(backend, field)
    nothing = {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None}
    assert page == {"nodes": [], "pageInfo": nothing}


async def test_counted_offset_page_fetches_exactly_its_rows(backend: Backend) -> None:
    page = await ask(backend, "orders", f"{PAGE} totalCount", first=10)
    assert page["totalCount"] == 25
    assert (page["pageInfo"]["hasNextPage"], page["pageInfo"]["hasPreviousPage"]) == (True, False)
    await ask(backend, "orders", first=10, after=page["pageInfo"]["endCursor"])
    assert backend.calls == [(10, 0), (11, 9)]


async def test_offset_page_without_a_count_fetches_one_row_more(backend: Backend) -> None:
    page = await ask(backend, "plain", first=10)
    page = await ask(backend, "plain", first=10, after=page["pageInfo"]["endCursor"])
    assert page["nodes"] == backend.rows[10:20]
    assert (page["pageInfo"]["hasNextPage"], page["pageInfo"]["hasPreviousPage"]) == (True, True)
    assert backend.calls == [(11, 0), (12, 9)]


async def test_cursor_page_fetches_exactly_its_rows(backend: Backend) -> None:
    page = await ask(backend, "reviews", first=10)
    assert (page["pageInfo"]["hasNextPage"], page["pageInfo"]["hasPreviousPage"]) == (True, False)
    page = await ask(backend, "reviews", first=10, after=page["pageInfo"]["endCursor"])
    assert (page["pageInfo"]["hasNextPage"], page["pageInfo"]["hasPreviousPage"]) == (True, True)
    assert backend.calls == [(10, None), (10, "@10")]


async def test_cursor_page_continues_behind_the_backends_cursor_after_changes(backend: Backend) -> None:
    page = await ask(backend, "reviews", first=5)
    backend.rows = ["0", *backend.rows[3:]]
    page = await ask(backend, "reviews", first=5, after=page["pageInfo"]["endCursor"])
    assert page["nodes"] == ["6", "7", "8", "9", "10"]


@pytest.mark.parametrize("field", ["orders", "plain", "reviews"])
async def test_cursor_of_each_edge_continues_behind_it(backend: Backend, field: str) -> None:
    first_page = await ask(backend, field, "edges { cursor node { number } }", first=6)
    for place, edge in enumerate(first_page["edges"]):
        assert edge["node"]["number"] == backend.rows[place]
        page = await ask(backend, field, first=2, after=edge["cursor"])
        assert page["nodes"] == backend.rows[place + 1 : place + 3]


async def test_page_info_has_the_cursors_of_the_first_and_last_edge(backend: Backend) -> None:
    page = await ask(backend, "orders", f"{PAGE} edges {{ cursor }}", first=3)
    cursors = [edge["cursor"] for edge in page["edges"]]
    assert (page["pageInfo"]["startCursor"], page["pageInfo"]["endCursor"]) == (cursors[0], cursors[-1])


async def test_cursors_are_encoded_only_when_selected(backend: Backend) -> None:
    def no_key(order: Order) -> str:
        raise AssertionError(order)

    connection = await OrderConnection.over_offsets(backend.orders, 5, None, of=("list",), key=no_key)
    assert [order.number for order in connection.nodes] == backend.rows[:5]
    assert connection.total_count == 25


@pytest.mark.parametrize("field", ["orders", "plain", "reviews"])
async def test_first_zero_returns_page_info_without_rows(backend: Backend, field: str) -> None:
    nothing = {"hasNextPage": True, "hasPreviousPage": False, "startCursor": None, "endCursor": None}
    with collect_extensions() as extensions:
        assert await ask(backend, field, first=0) == {"nodes": [], "pageInfo": nothing}
    assert (extensions, backend.calls[0][0]) == ({}, 1)


@pytest.mark.parametrize("field", ["orders", "plain", "reviews"])
async def test_negative_or_too_large_first_is_refused(backend: Backend, field: str) -> None:
    with pytest.raises(InvalidInput, match=r"^first: must be 0 or more, not -1\.$"):
        await ask(backend, field, first=-1)
    with pytest.raises(LimitExceeded, match=r"^first: 101 .* the limit is 100 \(GRAPHFOLD_MAX_PAGE_SIZE\)\.$"):
        await ask(backend, field, first=101)
    with page_limit(10), pytest.raises(LimitExceeded, match=r"first: 11 .* limit is 10"):
        await ask(backend, field, first=11)
    assert backend.calls == []


@pytest.mark.parametrize("field", ["orders", "plain", "reviews"])
async def test_invalid_cursor_is_an_input_error(backend: Backend, field: str) -> None:
    for after in ("", "x", "MTA", "\x00", "ü", "A" * 5000):
        with pytest.raises(InvalidInput, match=rf"after: this is not a cursor of Query\.{field}"):
            await ask(backend, field, after=after)
    assert backend.calls == []


async def test_cursor_of_another_list_is_refused(backend: Backend) -> None:
    cursor = (await ask(backend, "orders", first=1, of="10001"))["pageInfo"]["endCursor"]
    with pytest.raises(InvalidInput, match=r"this cursor does not belong to Query\.orders with these arguments"):
        await ask(backend, "orders", after=cursor, of="10002")
    with pytest.raises(InvalidInput, match=r"not a cursor of Query\.reviews"):
        await ask(backend, "reviews", after=cursor)


async def test_full_page_has_a_next_one_if_the_backend_says_neither_total_nor_more(backend: Backend) -> None:
    backend.includes = {"total": False, "more": False, "cursors": True}
    for field in ("orders", "reviews"):
        assert await walk(backend, field, 25) == [backend.rows, []]
        assert await walk(backend, field, 26) == [backend.rows]


@pytest.mark.parametrize(("first", "more"), [(24, True), (25, False)])
async def test_has_next_follows_the_backends_more(backend: Backend, first: int, more: bool) -> None:
    async def fetch(limit: int, offset: int) -> Page[Review]:
        rows = backend.rows[offset : offset + limit]
        return Page([Review(number=row) for row in rows], more=offset + limit < len(backend.rows))

    page = await ReviewConnection.over_offsets(fetch, first, None, of=("list",), key=lambda review: review.number)
    assert (len(page.nodes), page.has_next) == (first, more)


async def test_page_without_cursors_is_an_internal_error(backend: Backend) -> None:
    backend.includes["cursors"] = False
    with pytest.raises(Internal, match=r"^A list cannot be paged\.$") as error:
        await ask(backend, "reviews")
    assert error.value.internal == "Query.reviews: fetch() must return one cursor for each item"


async def test_missing_rows_of_a_positive_total_are_reported() -> None:
    async def fetch(limit: int, offset: int) -> Page[Order]:
        return Page([], total=7)

    with collect_extensions() as extensions:
        connection = await OrderConnection.over_offsets(fetch, 5, None, of=("Query.orders",), key=lambda order: "")
    assert (connection.nodes, connection.has_next, connection.total_count) == ([], False, 7)
    assert [entry["connection"] for entry in extensions["pagination"]] == ["Query.orders"]
    assert "returned none" in extensions["pagination"][0]["message"]


@pytest.mark.parametrize("kind", [Connection, CountedConnection])
def test_constructors_of_generic_aliases_bypass_typing(kind: Any) -> None:
    """typing would look them up by `__getattr__`, which takes a fifth of a page's time."""
    of_orders, entered = kind[Order], list[str]()
    sys.setprofile(lambda frame, event, _: entered.append(frame.f_code.co_filename))
    try:
        made = (of_orders.over_offsets, of_orders.over_cursors)
    finally:
        sys.setprofile(None)
    assert made == (kind.over_offsets, kind.over_cursors)
    assert typing.__file__ not in entered
