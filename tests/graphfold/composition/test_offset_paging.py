"""Offset paging of a list that changes: no row is skipped or repeated, or the answer reports that one may be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import pytest
import strawberry
from hypothesis import given, settings
from hypothesis import strategies as st

from graphfold.composition.connections import Connection, CountedConnection
from graphfold.extensions import ResponseExtensions, collect_extensions
from graphfold.page import Page

pytestmark = pytest.mark.anyio


@strawberry.type
class Item:
    number: str


CountedItems = CountedConnection[Item]
Items = Connection[Item]
Change: TypeAlias = Callable[[list[str]], None]


@dataclass
class Shelf:
    """The backend's list, newest first. `before_call` are changes, one of which is made at each call."""

    rows: list[str]
    calls: list[tuple[int, int]] = field(default_factory=list)
    before_call: list[Change] = field(default_factory=list)

    def cut(self, limit: int, offset: int) -> list[str]:
        if self.before_call:
            self.before_call.pop(0)(self.rows)
        self.calls.append((limit, offset))
        return self.rows[offset : offset + limit]


BOTH = pytest.mark.parametrize("kind", ["counted", "plain"])


@dataclass
class ClientPage:
    """One page as a client sees it."""

    rows: list[str]
    end: str | None
    more: bool
    notes: ResponseExtensions


async def page(shelf: Shelf, kind: str, first: int, after: str | None = None) -> ClientPage:
    """Return a page and its cursor, without GraphQL: the walks below fetch thousands of pages."""

    async def fetch(limit: int, offset: int) -> Page[Item]:
        items = [Item(number=row) for row in shelf.cut(limit, offset)]
        return Page(items, total=len(shelf.rows) if kind == "counted" else None)

    connection = CountedItems if kind == "counted" else Items
    with collect_extensions() as extensions:
        made = await connection.over_offsets(fetch, first, after, of=(f"Query.{kind}",), key=lambda item: item.number)
    end = made.cursors.encode(len(made.nodes) - 1, made.nodes[-1]) if made.nodes else None
    return ClientPage([item.number for item in made.nodes], end, made.has_next, extensions)


def shelf_of(count: int) -> Shelf:
    return Shelf([f"r{number}" for number in range(count)])


def put(count: int, name: str = "new") -> Change:
    return lambda rows: rows.__setitem__(slice(0, 0), [f"{name}{number}" for number in range(count)])


def take(start: int, count: int = 1) -> Change:
    return lambda rows: rows.__delitem__(slice(start, start + count))


async def second_page(shelf: Shelf, kind: str, first: int, change: Change) -> ClientPage:
    """Return the page behind the first one, after a change; `shelf.calls` are the calls of this page."""
    start = await page(shelf, kind, first)
    change(shelf.rows)
    shelf.calls.clear()
    return await page(shelf, kind, first, start.end)


@BOTH
async def test_unchanged_list_costs_one_call(kind: str) -> None:
    shelf = shelf_of(30)
    returned = await second_page(shelf, kind, 5, put(0))
    assert returned.rows == ["r5", "r6", "r7", "r8", "r9"]
    assert shelf.calls == [(6 if kind == "counted" else 7, 4)]


@BOTH
@pytest.mark.parametrize("inserted", [1, 4, 5, 6, 7, 20, 24])
async def test_inserts_in_front_do_not_repeat_rows(kind: str, inserted: int) -> None:
    shelf = shelf_of(30)
    returned = await second_page(shelf, kind, 5, put(inserted))
    assert (returned.rows, returned.more, returned.notes) == (["r5", "r6", "r7", "r8", "r9"], True, {})
    assert len(shelf.calls) <= 3


@BOTH
@pytest.mark.parametrize("deleted", [1, 2, 4])
async def test_deletes_in_front_do_not_skip_rows(kind: str, deleted: int) -> None:
    shelf = shelf_of(30)
    returned = await second_page(shelf, kind, 5, take(0, deleted))
    assert (returned.rows, returned.notes) == (["r5", "r6", "r7", "r8", "r9"], {})


@BOTH
async def test_search_for_the_anchor_goes_back_one_page_at_most(kind: str) -> None:
    shelf = shelf_of(200)
    start = await page(shelf, kind, 100)
    take(0, 3)(shelf.rows)
    shelf.calls.clear()
    returned = await page(shelf, kind, 50, start.end)
    assert (returned.rows[0], returned.notes) == ("r100", {})
    assert min(offset for _, offset in shelf.calls) >= 99 - 52


@BOTH
async def test_shifted_page_that_reaches_the_end_is_not_fetched_again(kind: str) -> None:
    shelf = shelf_of(7)
    returned = await second_page(shelf, kind, 5, put(2))
    assert (returned.rows, returned.more, returned.notes) == (["r5", "r6"], False, {})
    assert len(shelf.calls) == 1


@BOTH
async def test_deleted_anchor_is_reported(kind: str) -> None:
    shelf = shelf_of(30)
    returned = await second_page(shelf, kind, 5, take(4))
    assert returned.rows == ["r5", "r6", "r7", "r8", "r9"]
    [entry] = returned.notes["pagination"]
    assert entry["connection"] == f"Query.{kind}"
    assert entry["after"]
    assert "may be skipped or repeated" in entry["message"]
    assert len(shelf.calls) == 3


@BOTH
async def test_anchor_is_not_searched_behind_the_end_of_the_list(kind: str) -> None:
    shelf = shelf_of(10)
    start = await page(shelf, kind, 8)
    take(7)(shelf.rows)
    shelf.calls.clear()
    returned = await page(shelf, kind, 8, start.end)
    assert (returned.rows, list(returned.notes)) == (["r8", "r9"], ["pagination"])
    assert [offset for _, offset in shelf.calls] == [7, 0]


@BOTH
async def test_rows_deleted_with_the_anchor_are_reported(kind: str) -> None:
    shelf = shelf_of(30)
    returned = await second_page(shelf, kind, 5, take(3, 4))
    assert returned.rows == ["r8", "r9", "r10", "r11", "r12"]
    assert "pagination" in returned.notes


@BOTH
async def test_more_inserts_than_the_search_distance_are_reported(kind: str) -> None:
    returned = await second_page(shelf_of(30), kind, 5, put(100))
    assert returned.rows == ["new4", "new5", "new6", "new7", "new8"]
    assert "pagination" in returned.notes


@BOTH
async def test_emptied_list_ends_and_is_reported(kind: str) -> None:
    returned = await second_page(shelf_of(30), kind, 5, take(0, 30))
    assert (returned.rows, returned.end, returned.more) == ([], None, False)
    assert len(returned.notes["pagination"]) == 1


@BOTH
async def test_page_is_fetched_again_if_the_list_changes_between_calls(kind: str) -> None:
    shelf = shelf_of(30)
    start = await page(shelf, kind, 5)
    shelf.before_call = [put(2, "a"), put(3, "b")]
    returned = await page(shelf, kind, 5, start.end)
    assert (returned.rows, returned.notes) == (["r5", "r6", "r7", "r8", "r9"], {})


@BOTH
async def test_constantly_changing_list_gives_a_short_correct_page(kind: str) -> None:
    shelf = shelf_of(30)
    start = await page(shelf, kind, 5)
    shelf.calls.clear()
    shelf.before_call = [put(2, str(number)) for number in range(100)]
    returned = await page(shelf, kind, 5, start.end)
    assert returned.rows == ["r5", "r6", "r7", "r8"][: len(returned.rows)]
    assert returned.rows
    assert (returned.more, returned.notes) == (True, {})
    assert len(shelf.calls) == 4


@dataclass
class Walk:
    """All pages of a list that is changed before each of them."""

    rows: list[str] = field(default_factory=list)
    notes: list[Any] = field(default_factory=list)
    stayed: set[str] = field(default_factory=set)


async def walk(shelf: Shelf, kind: str, first: int, changes: list[Change]) -> Walk:
    result = Walk(stayed=set(shelf.rows))
    after, more = None, True
    while more:
        returned = await page(shelf, kind, first, after)
        result.rows += returned.rows
        result.notes += returned.notes.get("pagination", [])
        after, more = returned.end, returned.more
        if changes:
            changes.pop(0)(shelf.rows)
        result.stayed &= set(shelf.rows)
    return result


def is_complete(walked: Walk) -> bool:
    """Return whether every row that was in the list all the time was returned exactly once, in order."""
    kept = [row for row in walked.rows if row in walked.stayed]
    return kept == sorted(walked.stayed, key=lambda row: int(row.removeprefix("r")))


KINDS = st.sampled_from(["counted", "plain"])
FRONT_INSERTS = st.lists(st.integers(0, 20), max_size=8)


@settings(deadline=None)
@given(KINDS, st.integers(0, 60), st.integers(1, 9), FRONT_INSERTS)
async def test_inserts_in_front_never_disturb_a_walk(kind: str, count: int, first: int, inserts: list[int]) -> None:
    changes = [put(number, f"new{turn}.") for turn, number in enumerate(inserts)]
    walked = await walk(shelf_of(count), kind, first, changes)
    assert is_complete(walked)
    assert walked.notes == []
    assert len(walked.rows) == len(set(walked.rows))


@settings(deadline=None)
@given(KINDS, st.integers(0, 60), st.integers(1, 9), st.lists(st.integers(0, 20), max_size=8))
async def test_deletes_in_front_of_the_anchor_never_disturb_a_walk(
    kind: str, count: int, first: int, deletes: list[int]
) -> None:
    shelf, rows, after, more = shelf_of(count), [], None, True
    while more:
        turn = await page(shelf, kind, first, after)
        assert turn.notes == {}
        rows += turn.rows
        after, more = turn.end, turn.more
        if deletes and turn.rows:
            del shelf.rows[: min(deletes.pop(), shelf.rows.index(turn.rows[-1]))]
    assert rows == [f"r{number}" for number in range(count)]


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
async def test_skipped_rows_are_always_reported(
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
    assert is_complete(walked) or walked.notes
