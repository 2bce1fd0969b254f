"""The answer cache against a model: no answer past its time to live, or from before an invalidation."""

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
    st.tuples(st.just("change and invalidate"), st.sampled_from(KEYS)),
    st.tuples(st.just("change and invalidate all"), st.sampled_from(KEYS)),
    st.tuples(st.just("wait"), st.sampled_from([1.0, 9.5, 30.0])),
)


class Model(Store):
    """A backend of versioned goods. `spans` has the replaced versions of each key, with the time of replacement."""

    def __init__(self) -> None:
        super().__init__()
        self.versions = dict.fromkeys(KEYS, 0)
        self.spans: dict[str, dict[int, float]] = {key: {} for key in KEYS}

    def answer(self, request: httpx.Request) -> Any:
        path, ids = request.url.path[1:], request.url.params["ids"].split(",")
        return [{"id": id, "text": str(self.versions[f"{path} {id}"])} for id in ids]

    def change(self, key: str, now: float) -> None:
        self.spans[key][self.versions[key]] = now
        self.versions[key] += 1

    def forget(self, key: str) -> None:
        self.spans[key].clear()

    def allowed(self, key: str, now: float) -> set[int]:
        """Return the permitted versions: the current one, and those replaced within the ttl and not invalidated."""
        replaced = {version for version, until in self.spans[key].items() if now < until + TTL[key.partition(" ")[0]]}
        return replaced | {self.versions[key]}


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
            for step, argument in steps:
                await _step(shop, model, step, argument)

    asyncio.run(run())


async def _step(shop: Shop, model: Model, step: str, argument: Any) -> None:
    if step == "wait":
        shop.clock.now += argument
    elif step == "ask":
        data = (await shop.ask(argument)).json()["data"]
        for key in QUERIES[argument]:
            version = int(data[key.replace(" ", "")]["text"])
            assert version in model.allowed(key, shop.clock.now)
    else:
        model.change(argument, shop.clock.now)
        operation, _, key = argument.partition(" ")
        if step == "change and invalidate":
            model.forget(argument)
            shop.graph.invalidate("depot", operation, [key])
        elif step == "change and invalidate all":
            for other in KEYS:
                if other.startswith(operation):
                    model.forget(other)
            shop.graph.invalidate("depot", operation, None)
