"""Cache views: separation, requests in flight, limits and eviction, validity of keys."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphfold.cache.cache_view import CacheView
from graphfold.cache.dependencies import AnswerDependencies
from graphfold.cache.freshness import Freshness
from graphfold.cache.in_flight import FetchOutcome, InFlightRequest
from graphfold.cache.invalidations import ALL_KEYS
from graphfold.cache.operation_cache import OperationCache
from graphfold.cache.policy import CachePolicy
from graphfold.page import Page


def store(size: int = 10) -> OperationCache:
    return OperationCache(CachePolicy(ttl=10.0, cache_size=size), lambda: 0.0, lambda: 0.0)


@given(st.lists(st.sampled_from(["x", "y", "z", "all", "begin"]), max_size=40))
def test_answer_is_invalid_if_one_of_its_keys_is(steps: list[str]) -> None:
    small = store(2)
    changed, dependencies = set[str](), AnswerDependencies()
    for step in steps:
        if step == "begin":
            changed, dependencies = set(), AnswerDependencies()
            CacheView(small, "viewer", dependencies).add_dependencies(["x", "y"])
        else:
            small.forget(ALL_KEYS if step == "all" else step)
            changed.add(step)
        good = dependencies.are_valid()
        assert not (good and changed & {"x", "y", "all"} and dependencies.keys)
        assert good or not dependencies.keys or changed - {"z"}


def test_forgetting_many_keys_takes_bounded_memory_and_loses_no_invalidation() -> None:
    small = store(10)
    view = CacheView(small, "viewer")
    began = view.begin()
    for number in range(100):
        small.forget(number)
    view.store({0: "old"}, frozenset(), began)
    assert view.get_many([0], frozenset()) == {}


def test_partitions_are_separate() -> None:
    small = store()
    view = CacheView(small, "a")
    view.store({1: "one"}, frozenset(), view.begin())
    assert CacheView(small, "a").get_many([1, 2], frozenset()) == {1: "one"}
    assert CacheView(small, "b").get_many([1, 2], frozenset()) == {}


@pytest.mark.anyio
async def test_request_is_joined_until_it_ends_or_its_key_is_invalidated() -> None:
    small = store()
    view = CacheView(small, "viewer")
    request = InFlightRequest(asyncio.get_running_loop().create_future(), frozenset("a"), view.begin())
    view.add_in_flight(["x", "y"], request)
    assert view.in_flight(["x", "z"], frozenset("a")) == {"x": request}
    assert view.in_flight(["x"], frozenset("ab")) == {}
    small.forget("x")
    assert view.in_flight(["x", "y"], frozenset()) == {"y": request}
    request.outcome.set_result(FetchOutcome({}, 0.0, shared=True))
    assert view.in_flight(["y"], frozenset()) == {}  # the result is there already, nothing to join
    await asyncio.sleep(0)
    assert view.in_flight(["y"], frozenset()) == {}


def test_page_counts_as_its_rows() -> None:
    small = store(10)
    view = CacheView(small, ())
    view.store({"a": Page([1] * 6), "b": [1] * 5}, frozenset(), view.begin())
    assert view.get_many(["a", "b"], frozenset()) == {"b": [1] * 5}
    view.store({"too large": [1] * 11}, frozenset(), view.begin())
    assert view.get_many(["b", "too large"], frozenset()) == {"b": [1] * 5}


def test_validated_replies_use_the_bytes_left_by_entries() -> None:
    small = OperationCache(CachePolicy(ttl=10.0, cache_bytes=10_000), lambda: 0.0, lambda: 0.0)
    view, freshness = CacheView(small, "viewer"), Freshness()
    freshness.add_reply({}, 5_000)
    for number in range(4):
        small.replies.put(number, {"etag": "x"}, b"." * 1_000, view.begin())
    assert all(small.replies.get(number) for number in range(4))
    view.store({"x": "answer"}, frozenset(), view.begin(), freshness)
    assert [number for number in range(4) if small.replies.get(number)] == [2, 3]
    small.replies.put(4, {"etag": "x"}, b"." * 1_000, view.begin())
    assert [number for number in range(5) if small.replies.get(number)] == [3, 4]
    small.replies.put(5, {"etag": "x"}, b"." * 5_000, view.begin())
    assert [number for number in range(6) if small.replies.get(number)] == [3, 4]
    assert view.get_many(["x"], frozenset()) == {"x": "answer"}


def test_used_entries_survive_eviction() -> None:
    small = store(3)
    view = CacheView(small, ())
    for key in "abcdef":
        view.store({key: key}, frozenset(), view.begin())
        assert view.get_many(["a"], frozenset()) == {"a": "a"}


@pytest.mark.parametrize("negative", [False, True])
def test_wider_stale_entry_survives_a_newer_narrow_one(negative: bool) -> None:
    """A negative entry covers all fields, so it replaces the wider entry."""
    now = 0.0
    small = OperationCache(CachePolicy(ttl=10.0, stale_if_error=60.0), lambda: now, lambda: 0.0)
    view, wide, narrow = CacheView(small, "viewer"), frozenset("ab"), frozenset("a")
    view.store({"x": "wide", "y": "wide"}, wide, view.begin())
    now = 20.0
    view.store({"x": "narrow"}, narrow, view.begin(), negative=negative)
    fallback = {} if negative else {"x": ("wide", 20.0)}
    assert view.get_many(["x", "y"], narrow) == {"x": "narrow"}
    assert view.get_stale(["x", "y"], wide, on_error=True) == {"y": ("wide", 20.0)} | fallback
    view.store({"x": "new"}, wide, view.begin())
    assert view.get_many(["x"], wide) == {"x": "new"}
    assert CacheView(small, "viewer").get_stale(["y"], wide, on_error=True) == {"y": ("wide", 20.0)}
    now = 70.0
    assert view.get_stale(["x", "y"], wide, on_error=True) == {"x": ("new", 50.0)}


def test_expired_wider_entries_are_dropped() -> None:
    now = 0.0
    small = OperationCache(CachePolicy(ttl=10.0, stale_if_error=60.0), lambda: now, lambda: 0.0)
    view = CacheView(small, "viewer")
    for number in range(100):
        now += 11
        view.store({number % 7: number}, frozenset("ab" if number % 3 else "a"), view.begin())
    assert len(small._batches) <= 7
    now += 71
    view.store({"other": 0}, frozenset(), view.begin())
    assert (len(small._batches), small._partitions["viewer"].wider) == (1, {})


def test_field_sets_of_dropped_entries_are_dropped() -> None:
    small = store(3)
    view = CacheView(small, "viewer")
    for number in range(100):
        view.store({number % 7: number}, frozenset({str(number)}), view.begin())
        assert len(small._partitions["viewer"].field_sets) == len(small)


def test_empty_partitions_are_dropped() -> None:
    small = store(3)
    for number in range(100):
        view = CacheView(small, number)
        view.store({"key": number}, frozenset(), view.begin())
    assert len(small) == 3
    assert len(small._partitions) <= 4
