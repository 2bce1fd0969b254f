"""What a store's shelves share and what they do not; flights; room for pages; what was made of several keys."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphfold.cache.changes import ALL_KEYS
from graphfold.cache.freshness import Freshness
from graphfold.cache.parts import Parts
from graphfold.cache.shelf import Flight, Landed
from graphfold.cache.store import Store
from graphfold.cache.terms import Terms
from graphfold.page import Page


def store(size: int = 10) -> Store:
    return Store(Terms(ttl=10.0, cache_size=size), lambda: 0.0, lambda: 0.0)


@given(st.lists(st.sampled_from(["x", "y", "z", "all", "begin"]), max_size=40))
def test_what_was_made_of_several_keys_is_void_when_one_of_them_is(steps: list[str]) -> None:
    small = store(2)
    changed, parts = set[str](), Parts()
    for step in steps:
        if step == "begin":
            changed, parts = set(), Parts()
            small.shelf("viewer", parts).use(["x", "y"])
        else:
            small.forget(ALL_KEYS if step == "all" else step)
            changed.add(step)
        good = parts.spared()
        assert not (good and changed & {"x", "y", "all"} and parts.keys)
        assert good or not parts.keys or changed - {"z"}


def test_forgetting_many_keys_takes_bounded_memory_and_loses_no_invalidation() -> None:
    small = store(10)
    shelf = small.shelf("viewer")
    began = shelf.begin()
    for number in range(100):
        small.forget(number)
    shelf.keep({0: "old"}, frozenset(), began)
    assert shelf.find([0], frozenset()) == {}


def test_shelves_are_apart() -> None:
    small = store()
    shelf = small.shelf("a")
    shelf.keep({1: "one"}, frozenset(), shelf.begin())
    assert small.shelf("a").find([1, 2], frozenset()) == {1: "one"}
    assert small.shelf("b").find([1, 2], frozenset()) == {}


@pytest.mark.anyio
async def test_a_flight_is_shared_until_it_has_landed_or_its_key_is_forgotten() -> None:
    small = store()
    shelf = small.shelf("viewer")
    flight = Flight(asyncio.get_running_loop().create_future(), frozenset("a"), shelf.begin())
    shelf.depart(["x", "y"], flight)
    assert shelf.flying(["x", "z"], frozenset("a")) == {"x": flight}
    assert shelf.flying(["x"], frozenset("ab")) == {}
    small.forget("x")
    assert shelf.flying(["x", "y"], frozenset()) == {"y": flight}
    flight.outcome.set_result(Landed({}, 0.0, shared=True))
    assert shelf.flying(["y"], frozenset()) == {}  # who joins now is told at once, and would not wait
    await asyncio.sleep(0)
    assert shelf.flying(["y"], frozenset()) == {}


def test_a_page_takes_the_room_of_its_rows() -> None:
    small = store(10)
    shelf = small.shelf(())
    shelf.keep({"a": Page([1] * 6), "b": [1] * 5}, frozenset(), shelf.begin())
    assert shelf.find(["a", "b"], frozenset()) == {"b": [1] * 5}
    shelf.keep({"too large": [1] * 11}, frozenset(), shelf.begin())
    assert shelf.find(["b", "too large"], frozenset()) == {"b": [1] * 5}


def test_replies_with_a_validator_have_the_room_that_answers_leave() -> None:
    small = Store(Terms(ttl=10.0, cache_bytes=10_000), lambda: 0.0, lambda: 0.0)
    shelf, said = small.shelf("viewer"), Freshness()
    said.note({}, 5_000)
    for number in range(4):
        small.validators.keep(number, {"etag": "x"}, b"." * 1_000, shelf.begin())
    assert all(small.validators.find(number) for number in range(4))
    shelf.keep({"x": "answer"}, frozenset(), shelf.begin(), said)
    assert [number for number in range(4) if small.validators.find(number)] == [2, 3]
    small.validators.keep(4, {"etag": "x"}, b"." * 1_000, shelf.begin())
    assert [number for number in range(5) if small.validators.find(number)] == [3, 4]
    small.validators.keep(5, {"etag": "x"}, b"." * 5_000, shelf.begin())
    assert [number for number in range(6) if small.validators.find(number)] == [3, 4]
    assert shelf.find(["x"], frozenset()) == {"x": "answer"}


def test_what_is_asked_for_stays_when_there_is_no_more_room() -> None:
    small = store(3)
    shelf = small.shelf(())
    for key in "abcdef":
        shelf.keep({key: key}, frozenset(), shelf.begin())
        assert shelf.find(["a"], frozenset()) == {"a": "a"}


@pytest.mark.parametrize("negative", [False, True])
def test_a_wide_answer_that_has_ended_stands_in_although_a_narrow_one_is_new(negative: bool) -> None:
    """But for what is missing now, which is so with all of its fields."""
    now = 0.0
    small = Store(Terms(ttl=10.0, stale_if_error=60.0), lambda: now, lambda: 0.0)
    shelf, wide, narrow = small.shelf("viewer"), frozenset("ab"), frozenset("a")
    shelf.keep({"x": "wide", "y": "wide"}, wide, shelf.begin())
    now = 20.0
    shelf.keep({"x": "narrow"}, narrow, shelf.begin(), negative=negative)
    stands = {} if negative else {"x": ("wide", 20.0)}
    assert shelf.find(["x", "y"], narrow) == {"x": "narrow"}
    assert shelf.outdated(["x", "y"], wide, on_error=True) == {"y": ("wide", 20.0)} | stands
    shelf.keep({"x": "new"}, wide, shelf.begin())
    assert shelf.find(["x"], wide) == {"x": "new"}
    assert small.shelf("viewer").outdated(["y"], wide, on_error=True) == {"y": ("wide", 20.0)}
    now = 70.0
    assert shelf.outdated(["x", "y"], wide, on_error=True) == {"x": ("new", 50.0)}


def test_nothing_stays_of_what_stood_in_when_its_time_is_over() -> None:
    now = 0.0
    small = Store(Terms(ttl=10.0, stale_if_error=60.0), lambda: now, lambda: 0.0)
    shelf = small.shelf("viewer")
    for number in range(100):
        now += 11
        shelf.keep({number % 7: number}, frozenset("ab" if number % 3 else "a"), shelf.begin())
    assert len(small._lots) <= 7
    now += 71
    shelf.keep({"other": 0}, frozenset(), shelf.begin())
    assert (len(small._lots), small._slots["viewer"].aside) == (1, {})


def test_nothing_stays_of_selections_whose_answers_have_all_gone() -> None:
    small = store(3)
    shelf = small.shelf("viewer")
    for number in range(100):
        shelf.keep({number % 7: number}, frozenset({str(number)}), shelf.begin())
        assert len(small._slots["viewer"].widths) == len(small)


def test_nothing_stays_of_a_viewer_whose_answers_have_all_gone() -> None:
    small = store(3)
    for number in range(100):
        shelf = small.shelf(number)
        shelf.keep({"key": number}, frozenset(), shelf.begin())
    assert len(small) == 3
    assert len(small._slots) <= 4
