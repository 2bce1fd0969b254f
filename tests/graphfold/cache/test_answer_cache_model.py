"""The answer cache against a model: no answer past its time or from before an invalidation."""

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphfold.graph.graph import Graph
from graphfold.testing import declaring
from tests.graphfold.shelf_life import Shop, Store, goods, served

TTL = {"names": 60, "prices": 10}
QUERIES = {
    '{ names1: name(id: "1") { text } }': ["names 1"],
    '{ names1: name(id: "1") { text } names2: name(id: "2") { text } }': ["names 1", "names 2"],
    '{ names2: name(id: "2") { text } prices1: price(id: 1) { text } }': ["names 2", "prices 1"],
    "{ prices1: price(id: 1) { text } prices2: price(id: 2) { text } }": ["prices 1", "prices 2"],
}
KEYS = ["names 1", "names 2", "prices 1", "prices 2"]
STEPS = st.one_of(
    st.tuples(st.just("ask"), st.sampled_from(sorted(QUERIES))),
    st.tuples(st.just("change"), st.sampled_from(KEYS)),
    st.tuples(st.just("change and tell"), st.sampled_from(KEYS)),
    st.tuples(st.just("change and tell of all"), st.sampled_from(KEYS)),
    st.tuples(st.just("wait"), st.sampled_from([1.0, 9.5, 30.0])),
)


class Model(Store):
    """A backend whose goods have a version each. `spans`: the versions of a key, and when each was last to be had."""

    def __init__(self) -> None:
        super().__init__()
        self.versions = dict.fromkeys(KEYS, 0)
        self.spans: dict[str, dict[int, float]] = {key: {} for key in KEYS}

    def tell(self, request: httpx.Request) -> Any:
        what, ids = request.url.path[1:], request.url.params["ids"].split(",")
        return [{"id": id, "text": str(self.versions[f"{what} {id}"])} for id in ids]

    def change(self, key: str, now: float) -> None:
        self.spans[key][self.versions[key]] = now
        self.versions[key] += 1

    def forget(self, key: str) -> None:
        self.spans[key].clear()

    def allowed(self, key: str, now: float) -> set[int]:
        """The versions that may be told: the last, and those it replaced less than its ttl ago, unless forgotten."""
        late = {version for version, until in self.spans[key].items() if now < until + TTL[key.partition(" ")[0]]}
        return late | {self.versions[key]}


@pytest.fixture(scope="module")
def graph() -> Iterator[Graph]:
    with declaring():
        yield goods()


@settings(deadline=None, max_examples=60)
@given(st.lists(STEPS, min_size=2, max_size=25))
def test_answers_are_never_outdated(graph: Graph, steps: list[tuple[str, Any]]) -> None:
    async def run() -> None:
        model = Model()
        async with served(graph, model) as shop:
            for step, what in steps:
                await _step(shop, model, step, what)

    asyncio.run(run())


async def _step(shop: Shop, model: Model, step: str, what: Any) -> None:
    if step == "wait":
        shop.clock.now += what
    elif step == "ask":
        data = (await shop.ask(what)).json()["data"]
        for key in QUERIES[what]:
            told = int(data[key.replace(" ", "")]["text"])
            assert told in model.allowed(key, shop.clock.now)
    else:
        model.change(what, shop.clock.now)
        operation, _, key = what.partition(" ")
        if step == "change and tell":
            model.forget(what)
            shop.graph.invalidate("depot", operation, [key])
        elif step == "change and tell of all":
            for other in KEYS:
                if other.startswith(operation):
                    model.forget(other)
            shop.graph.invalidate("depot", operation, None)
