"""The cache of one operation against a model of it that keeps everything in lists."""

import asyncio
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphfold.cache.changes import ALL_KEYS
from graphfold.cache.parts import Parts
from graphfold.cache.shelf import Flight, Shelf
from graphfold.cache.store import Store
from graphfold.page import Page

TTL = 10.0
FIELDS = st.sampled_from([frozenset(), frozenset("a"), frozenset("b"), frozenset("ab")])
KEYS = st.sampled_from(["x", "y", "z"])
STEPS = st.one_of(
    st.tuples(st.just("put"), KEYS, FIELDS),
    st.tuples(st.just("begin"), KEYS, FIELDS),
    st.tuples(st.just("land"), KEYS, FIELDS),
    st.tuples(st.just("forget"), KEYS, st.none()),
    st.tuples(st.just("forget all"), st.none(), st.none()),
    st.tuples(st.just("wait"), st.floats(0, 2 * TTL), st.none()),
)


@dataclass
class Model:
    """What was put last, when, and when each key was forgotten last."""

    now: float = 0.0
    steps: int = 0
    kept: dict[str, tuple[int, frozenset[str], float, int]] = field(default_factory=dict)
    forgotten: dict[str, int] = field(default_factory=dict)

    def step(self) -> int:
        self.steps += 1
        return self.steps

    def put(self, key: str, value: int, fields: frozenset[str], began: int) -> None:
        known = self.get(key)
        wider = known and known[1] > fields
        if began > self.forgotten.get(key, 0) and not wider:
            self.kept[key] = (value, fields, self.now, began)

    def get(self, key: str) -> tuple[int, frozenset[str], float, int] | None:
        kept = self.kept.get(key)
        fresh = kept and self.now < kept[2] + TTL and kept[3] > self.forgotten.get(key, 0)
        return kept if fresh else None


@given(st.lists(STEPS, max_size=40))
def test_it_does_what_the_model_does(steps: list[tuple[str, object, frozenset[str]]]) -> None:
    model = Model()
    store = Store(TTL, 100, lambda: model.now)
    shelf = store.shelf("viewer")
    begun: dict[object, tuple[int, int]] = {}
    for number, (step, what, fields) in enumerate(steps):
        if step == "begin":
            begun[what] = (shelf.begin(), model.step())
        elif step == "put" or (step == "land" and what in begun):
            began = begun.pop(what) if step == "land" else (shelf.begin(), model.step())
            shelf.keep({what: number}, fields, began[0])
            model.put(str(what), number, fields, began[1])
        elif step == "forget":
            store.forget(what)
            model.forgotten[str(what)] = model.step()
        elif step == "forget all":
            store.forget(ALL_KEYS)
            model.forgotten = dict.fromkeys("xyz", model.step())
        elif step == "wait":
            model.now += float(str(what))
        _assert_same(shelf, model)


def _assert_same(shelf: Shelf, model: Model) -> None:
    for key in "xyz":
        for fields in (frozenset[str](), frozenset("a"), frozenset("ab")):
            expected = model.get(key)
            wanted = {key: expected[0]} if expected and fields <= expected[1] else {}
            assert shelf.find([key], fields) == wanted


@given(st.lists(st.sampled_from(["x", "y", "z", "all", "begin"]), max_size=40))
def test_what_was_made_of_several_keys_is_void_when_one_of_them_is(steps: list[str]) -> None:
    store = Store(TTL, 2, lambda: 0.0)
    changed, parts = set[str](), Parts()
    for step in steps:
        if step == "begin":
            changed, parts = set(), Parts()
            store.shelf("viewer", parts).use(["x", "y"])
        else:
            store.forget(ALL_KEYS if step == "all" else step)
            changed.add(step)
        good = parts.spared()
        assert not (good and changed & {"x", "y", "all"} and parts.keys)
        assert good or not parts.keys or changed - {"z"}


def test_forgetting_many_keys_takes_bounded_memory_and_loses_no_invalidation() -> None:
    store = Store(TTL, 10, lambda: 0.0)
    shelf = store.shelf("viewer")
    began = shelf.begin()
    for number in range(100):
        store.forget(number)
    shelf.keep({0: "old"}, frozenset(), began)
    assert shelf.find([0], frozenset()) == {}


def test_shelves_are_apart() -> None:
    store = Store(TTL, 10, lambda: 0.0)
    shelf = store.shelf("a")
    shelf.keep({1: "one"}, frozenset(), shelf.begin())
    assert store.shelf("a").find([1, 2], frozenset()) == {1: "one"}
    assert store.shelf("b").find([1, 2], frozenset()) == {}


@pytest.mark.anyio
async def test_a_flight_is_shared_until_it_has_landed_or_its_key_is_forgotten() -> None:
    store = Store(TTL, 10, lambda: 0.0)
    shelf = store.shelf("viewer")
    flight = Flight(asyncio.get_running_loop().create_future(), frozenset("a"), shelf.begin())
    shelf.depart(["x", "y"], flight)
    assert shelf.flying(["x", "z"], frozenset("a")) == {"x": flight}
    assert shelf.flying(["x"], frozenset("ab")) == {}
    store.forget("x")
    assert shelf.flying(["x", "y"], frozenset()) == {"y": flight}
    flight.outcome.set_result(({}, 0.0))
    await asyncio.sleep(0)
    assert shelf.flying(["y"], frozenset()) == {}


def test_a_page_takes_the_room_of_its_rows() -> None:
    store = Store(60, 10, lambda: 0.0)
    shelf = store.shelf(())
    shelf.keep({"a": Page([1] * 6), "b": [1] * 5}, frozenset(), shelf.begin())
    assert shelf.find(["a", "b"], frozenset()) == {"b": [1] * 5}
    shelf.keep({"too large": [1] * 11}, frozenset(), shelf.begin())
    assert shelf.find(["b", "too large"], frozenset()) == {"b": [1] * 5}
