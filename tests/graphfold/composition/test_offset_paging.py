"""Paging over offsets while the list moves: healed where the anchor is found, reported where not, never silent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import pytest
import strawberry
from hypothesis import given, settings
from hypothesis import strategies as st
from strawberry.extensions import ParserCache, ValidationCache

from graphfold.composition.connections import After, Connection, CountedConnection, First
from graphfold.extensions import ResponseExtensions, collect_extensions
from graphfold.page import Page

pytestmark = pytest.mark.anyio


@strawberry.type
class Counted:
    number: str


@strawberry.type
class Plain:
    number: str


CountedRows = CountedConnection[Counted]
PlainRows = Connection[Plain]
Change: TypeAlias = Callable[[list[str]], None]


@dataclass
class Shelf:
    """The backend's list, newest first. `before_call` is done to it as calls come in, one change for each."""

    rows: list[str]
    calls: list[tuple[int, int]] = field(default_factory=list)
    before_call: list[Change] = field(default_factory=list)

    def cut(self, limit: int, offset: int) -> list[str]:
        if self.before_call:
            self.before_call.pop(0)(self.rows)
        self.calls.append((limit, offset))
        return self.rows[offset : offset + limit]


@strawberry.type
class Query:
    @strawberry.field
    async def counted(self, info: strawberry.Info[Shelf], first: First = 20, after: After = None) -> CountedRows:
        async def fetch(limit: int, offset: int) -> Page[Counted]:
            rows = info.context.cut(limit, offset)
            return Page([Counted(number=row) for row in rows], total=len(info.context.rows))

        return await CountedRows.over_offsets(fetch, first, after, of=("Query.counted",), key=lambda row: row.number)

    @strawberry.field
    async def plain(self, info: strawberry.Info[Shelf], first: First = 20, after: After = None) -> PlainRows:
        async def fetch(limit: int, offset: int) -> Page[Plain]:
            return Page([Plain(number=row) for row in info.context.cut(limit, offset)])

        return await PlainRows.over_offsets(fetch, first, after, of=("Query.plain",), key=lambda row: row.number)


SCHEMA = strawberry.Schema(Query, extensions=[ParserCache, ValidationCache])
BOTH = pytest.mark.parametrize("kind", ["counted", "plain"])


@dataclass
class Told:
    """One page as a client sees it."""

    rows: list[str]
    end: str | None
    more: bool
    notes: ResponseExtensions


async def page(shelf: Shelf, kind: str, first: int, after: str | None = None) -> Told:
    query = f"query ($first: Int!, $after: String) {{ {kind}(first: $first, after: $after) {{ ...Page }} }} "
    fragment = (
        f"fragment Page on {kind.title()}Connection {{ nodes {{ number }} pageInfo {{ hasNextPage endCursor }} }}"
    )
    with collect_extensions() as notes:
        values: dict[str, Any] = {"first": first, "after": after}
        result = await SCHEMA.execute(query + fragment, variable_values=values, context_value=shelf)
    assert result.errors is None
    assert result.data is not None
    told, info = result.data[kind], result.data[kind]["pageInfo"]
    return Told([node["number"] for node in told["nodes"]], info["endCursor"], info["hasNextPage"], notes)


def shelf_of(count: int) -> Shelf:
    return Shelf([f"r{number}" for number in range(count)])


def put(count: int, name: str = "new") -> Change:
    return lambda rows: rows.__setitem__(slice(0, 0), [f"{name}{number}" for number in range(count)])


def take(start: int, count: int = 1) -> Change:
    return lambda rows: rows.__delitem__(slice(start, start + count))


async def second_page(shelf: Shelf, kind: str, first: int, change: Change) -> Told:
    """The page behind the first one, after a change; `shelf.calls` has its calls only."""
    start = await page(shelf, kind, first)
    change(shelf.rows)
    shelf.calls.clear()
    return await page(shelf, kind, first, start.end)


@BOTH
async def test_an_unmoved_list_costs_one_call(kind: str) -> None:
    shelf = shelf_of(30)
    told = await second_page(shelf, kind, 5, put(0))
    assert told.rows == ["r5", "r6", "r7", "r8", "r9"]
    assert shelf.calls == [(6 if kind == "counted" else 7, 4)]


@BOTH
@pytest.mark.parametrize("inserted", [1, 4, 5, 6, 7, 20, 24])
async def test_rows_inserted_in_front_are_healed(kind: str, inserted: int) -> None:
    shelf = shelf_of(30)
    told = await second_page(shelf, kind, 5, put(inserted))
    assert (told.rows, told.more, told.notes) == (["r5", "r6", "r7", "r8", "r9"], True, {})
    assert len(shelf.calls) <= 3


@BOTH
@pytest.mark.parametrize("deleted", [1, 2, 4])
async def test_rows_deleted_in_front_are_healed(kind: str, deleted: int) -> None:
    shelf = shelf_of(30)
    told = await second_page(shelf, kind, 5, take(0, deleted))
    assert (told.rows, told.notes) == (["r5", "r6", "r7", "r8", "r9"], {})


@BOTH
async def test_a_look_back_reads_one_window_and_no_more(kind: str) -> None:
    shelf = shelf_of(200)
    start = await page(shelf, kind, 100)
    take(0, 3)(shelf.rows)
    shelf.calls.clear()
    told = await page(shelf, kind, 50, start.end)
    assert (told.rows[0], told.notes) == ("r100", {})
    assert min(offset for _, offset in shelf.calls) >= 99 - 52


@BOTH
async def test_an_insert_that_reaches_the_end_costs_no_second_read(kind: str) -> None:
    shelf = shelf_of(7)
    told = await second_page(shelf, kind, 5, put(2))
    assert (told.rows, told.more, told.notes) == (["r5", "r6"], False, {})
    assert len(shelf.calls) == 1


@BOTH
async def test_a_deleted_anchor_is_reported(kind: str) -> None:
    shelf = shelf_of(30)
    told = await second_page(shelf, kind, 5, take(4))
    assert told.rows == ["r5", "r6", "r7", "r8", "r9"]
    [entry] = told.notes["pagination"]
    assert entry["connection"] == f"Query.{kind}"
    assert entry["after"]
    assert "may be skipped or repeated" in entry["message"]
    assert len(shelf.calls) == 3


@BOTH
async def test_behind_the_end_nothing_is_looked_for(kind: str) -> None:
    shelf = shelf_of(10)
    start = await page(shelf, kind, 8)
    take(7)(shelf.rows)
    shelf.calls.clear()
    told = await page(shelf, kind, 8, start.end)
    assert (told.rows, list(told.notes)) == (["r8", "r9"], ["pagination"])
    assert [offset for _, offset in shelf.calls] == [7, 0]


@BOTH
async def test_rows_lost_with_the_anchor_are_reported(kind: str) -> None:
    shelf = shelf_of(30)
    told = await second_page(shelf, kind, 5, take(3, 4))
    assert told.rows == ["r8", "r9", "r10", "r11", "r12"]
    assert "pagination" in told.notes


@BOTH
async def test_more_inserts_than_are_looked_through_are_reported(kind: str) -> None:
    told = await second_page(shelf_of(30), kind, 5, put(100))
    assert told.rows == ["new4", "new5", "new6", "new7", "new8"]
    assert "pagination" in told.notes


@BOTH
async def test_a_list_emptied_meanwhile_ends_and_says_so(kind: str) -> None:
    told = await second_page(shelf_of(30), kind, 5, take(0, 30))
    assert (told.rows, told.end, told.more) == ([], None, False)
    assert len(told.notes["pagination"]) == 1


@BOTH
async def test_a_list_that_moves_between_our_own_calls_is_read_again(kind: str) -> None:
    shelf = shelf_of(30)
    start = await page(shelf, kind, 5)
    shelf.before_call = [put(2, "a"), put(3, "b")]
    told = await page(shelf, kind, 5, start.end)
    assert (told.rows, told.notes) == (["r5", "r6", "r7", "r8", "r9"], {})


@BOTH
async def test_a_list_that_never_rests_gives_a_short_page_and_nothing_wrong(kind: str) -> None:
    shelf = shelf_of(30)
    start = await page(shelf, kind, 5)
    shelf.calls.clear()
    shelf.before_call = [put(2, str(number)) for number in range(100)]
    told = await page(shelf, kind, 5, start.end)
    assert told.rows == ["r5", "r6", "r7", "r8"][: len(told.rows)]
    assert told.rows
    assert (told.more, told.notes) == (True, {})
    assert len(shelf.calls) == 4


@dataclass
class Walk:
    """All pages of a list that is changed before each of them."""

    told: list[str] = field(default_factory=list)
    notes: list[Any] = field(default_factory=list)
    stayed: set[str] = field(default_factory=set)


async def walk(shelf: Shelf, kind: str, first: int, changes: list[Change]) -> Walk:
    result = Walk(stayed=set(shelf.rows))
    after, more = None, True
    while more:
        told = await page(shelf, kind, first, after)
        result.told += told.rows
        result.notes += told.notes.get("pagination", [])
        after, more = told.end, told.more
        if changes:
            changes.pop(0)(shelf.rows)
        result.stayed &= set(shelf.rows)
    return result


def once(walked: Walk) -> bool:
    """Every row that was there all the time was told, and exactly once, in order."""
    kept = [row for row in walked.told if row in walked.stayed]
    return kept == sorted(walked.stayed, key=lambda row: int(row.removeprefix("r")))


KINDS = st.sampled_from(["counted", "plain"])
FRONT_INSERTS = st.lists(st.integers(0, 20), max_size=8)


@settings(deadline=None)
@given(KINDS, st.integers(0, 60), st.integers(1, 9), FRONT_INSERTS)
async def test_inserts_in_front_never_show(kind: str, count: int, first: int, inserts: list[int]) -> None:
    changes = [put(number, f"new{turn}.") for turn, number in enumerate(inserts)]
    walked = await walk(shelf_of(count), kind, first, changes)
    assert once(walked)
    assert walked.notes == []
    assert len(walked.told) == len(set(walked.told))


@settings(deadline=None)
@given(KINDS, st.integers(0, 60), st.integers(1, 9), st.lists(st.integers(0, 20), max_size=8))
async def test_deletes_in_front_that_spare_the_anchor_never_show(
    kind: str, count: int, first: int, deletes: list[int]
) -> None:
    shelf, told, after, more = shelf_of(count), [], None, True
    while more:
        turn = await page(shelf, kind, first, after)
        assert turn.notes == {}
        told += turn.rows
        after, more = turn.end, turn.more
        if deletes and turn.rows:
            del shelf.rows[: min(deletes.pop(), shelf.rows.index(turn.rows[-1]))]
    assert told == [f"r{number}" for number in range(count)]


@st.composite
def any_change(draw: st.DrawFn) -> Change:
    place, count = draw(st.integers(0, 40)), draw(st.integers(1, 12))
    if draw(st.booleans()):
        return take(place, count)
    name = f"new{draw(st.uuids())}."
    return lambda rows: rows.__setitem__(slice(place, place), [f"{name}{number}" for number in range(count)])


CHANGES = st.lists(any_change(), max_size=8)


@settings(deadline=None)
@given(KINDS, st.integers(0, 60), st.integers(1, 9), CHANGES, CHANGES)
async def test_no_row_is_ever_skipped_in_silence(
    kind: str, count: int, first: int, between: list[Change], during: list[Change]
) -> None:
    shelf = shelf_of(count)
    seen: list[set[str]] = []

    def watched(change: Change) -> Change:
        def apply(rows: list[str]) -> None:
            change(rows)
            seen.append(set(rows))

        return apply

    shelf.before_call = [watched(change) for change in during]
    walked = await walk(shelf, kind, first, between)
    walked.stayed = walked.stayed.intersection(*seen)
    assert once(walked) or walked.notes
