"""Links: a resolver that is only a load runs as one batch per level, with the results of the resolver itself."""

# No `from __future__ import annotations` here: links are declared inside functions, with types of these functions.

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import pytest
import strawberry

from graphfold.adapter.base import Adapter
from graphfold.composition.decorators import resolves
from graphfold.declarations import declaring
from graphfold.errors import GraphError, NotFound
from graphfold.execution import batch_waits
from graphfold.execution.links import find_link
from graphfold.loading.load_result import MISSING, Failed
from tests.execution.loading import Backend, backend
from tests.execution.plan_executor import PlanExecutor
from tests.execution.twice import counted

pytestmark = pytest.mark.anyio


class Loads(Protocol):
    def find(self, key: Any) -> Awaitable[int | None]: ...
    def load(self, key: Any) -> Awaitable[int]: ...


class Shop(Adapter):
    """Never instantiated: the context returns itself as this adapter."""

    lots: "Loads"


@strawberry.type
class Lot:
    key: str | None
    number: int = 0
    fails: int = strawberry.field(resolver=lambda: 1 // 0)


@strawberry.type
class Query:
    @strawberry.field
    def lots(self, info: strawberry.Info) -> list[Lot | None]:
        return [Lot(key=key) for key in info.context.keys]


with declaring():

    @resolves(Lot)
    async def found(self: Lot, shop: Shop) -> int | None:
        return await shop.lots.find(self.key)

    @resolves(Lot)
    async def loaded(self: Lot, shop: Shop) -> int:
        """With a docstring."""
        return await shop.lots.load(self.key)

    @resolves(Lot)
    def plainly(self: Lot, shop: Shop) -> int | None:
        return shop.lots.find(self.key)  # type: ignore[return-value]

    @resolves(Lot)
    async def driven(self: Lot, shop: Shop) -> int | None:
        value: int | None = await shop.lots.find(self.key)
        return value

    @resolves(Lot)
    async def with_argument(self: Lot, shop: Shop, plus: int = 1) -> int | None:
        return (await shop.lots.load(self.key)) + plus

    @resolves(Lot)
    def added(self: Lot, shop: Shop, plus: int = 1) -> int | None:
        return shop.lots.find(f"{self.key}{plus}")  # type: ignore[return-value]


class Batch:
    """A fake batch, with the methods that resolvers call and those that plans call."""

    def __init__(self, fake: Backend) -> None:
        self._fake = fake

    def level_loader(self) -> Any:
        return self._fake.loader

    def canonical_keys(self, keys: list[Any]) -> list[Any]:
        return keys

    def optional_value(self, answer: Any, key: Any) -> Any:
        if isinstance(answer, Failed):
            raise answer.error_copy()
        return None if answer is MISSING else answer

    def required_value(self, answer: Any, key: Any) -> Any:
        if answer is MISSING:
            raise NotFound(f"There is no {key}.")
        return self.optional_value(answer, key)

    def find(self, key: Any) -> Awaitable[Any]:
        return self._fake.loader.load(key, self.optional_value)

    def load(self, key: Any) -> Awaitable[Any]:
        return self._fake.loader.load(key, self.required_value)


class Context:
    def __init__(self, fake: Backend, keys: list[Any]) -> None:
        self.keys, self.lots = keys, Batch(fake)

    def adapter(self, _kind: type) -> "Context":
        return self


KEYS = ["a", "b", "missing", "a", "bad", "c"]
SCHEMA = strawberry.Schema(Query, execution_context_class=PlanExecutor)
Answer = tuple[Any, list[tuple[Any, str]], list[list[Any]]]


async def ask(query: str, keys: list[Any] | None = None, answer: Callable[[Any], Any] | None = None) -> Answer:
    """Return the data, the errors by response path, and the keys of each call."""
    async with backend(answer) as fake:
        with counted("planned"):
            result = await SCHEMA.execute(query, context_value=Context(fake, KEYS if keys is None else keys))
        errors = [(error.path, error.message) for error in result.errors or ()]
        return result.data, errors, fake.calls


async def test_link_sends_one_batch_per_level_without_duplicate_keys() -> None:
    data, errors, calls = await ask("{ lots { found } }", ["a", "b", "a", "c", "b"])
    assert data == {"lots": [{"found": 10}] * 5}
    assert errors == []
    assert calls == [["a", "b", "c"]]


@pytest.mark.parametrize("field", ["found", "plainly", "driven"])
async def test_link_maps_missing_and_failed_keys_to_their_objects(field: str) -> None:
    data, errors, calls = await ask(f"{{ lots {{ {field} }} }}")
    assert [lot[field] for lot in data["lots"]] == [10, 10, None, 10, None, 10]
    assert errors == [(["lots", 4, field], "the backend refuses")]
    assert calls == [["a", "b", "missing", "bad", "c"]]


async def test_load_link_fails_for_missing_keys() -> None:
    data, errors, _ = await ask("{ lots { loaded } }")
    assert data["lots"] == [{"loaded": 10}, {"loaded": 10}, None, {"loaded": 10}, None, {"loaded": 10}]
    assert errors == [(["lots", 2, "loaded"], "There is no missing."), (["lots", 4, "loaded"], "the backend refuses")]


async def test_links_and_driven_resolvers_share_a_batch() -> None:
    data, _, calls = await ask("{ lots { found a: found driven plainly loaded } }", ["a", "b"])
    assert data["lots"] == [{"found": 10, "a": 10, "driven": 10, "plainly": 10, "loaded": 10}] * 2
    assert calls == [["a", "b"]]


async def test_fields_with_arguments_run_as_driven_resolvers() -> None:
    data, _, calls = await ask("{ lots { withArgument(plus: 2) added(plus: 3) } }", ["a", "b"])
    assert data["lots"] == [{"withArgument": 12, "added": 20}] * 2
    assert [sorted(keys) for keys in calls] == [["a", "a3", "b", "b3"]]


async def test_unhashable_link_key_fails_only_its_own_object() -> None:
    data, errors, _ = await ask("{ lots { found } }", [["not", "hashable"], "a"])
    assert data["lots"] == [{"found": None}, {"found": 10}]
    assert [path for path, _ in errors] == [["lots", 0, "found"]]


async def test_batch_that_raises_fails_each_object_of_a_link_after_one_call() -> None:
    async def broken(_keys: list[Any]) -> None:
        raise RuntimeError("broken batch")

    data, errors, calls = await ask("{ lots { found } }", ["a", "b"], broken)
    assert data == {"lots": [{"found": None}] * 2}
    assert [path for path, _ in errors] == [["lots", 0, "found"], ["lots", 1, "found"]]
    assert calls == [["a", "b"]]


async def test_engine_error_in_a_link_is_reported_instead_of_calling_resolvers(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> list[Any]:
        raise RuntimeError("broken engine")

    monkeypatch.setattr(batch_waits, "dispatched_results", broken)
    data, errors, _ = await ask("{ lots { found } }", ["a", "b"])
    assert data == {"lots": [{"found": None}] * 2}
    assert errors == [(["lots", i, "found"], "broken engine") for i in range(2)]


async def test_null_propagation_ends_the_wait_for_a_link() -> None:
    async def never(_keys: list[Any]) -> None:
        await asyncio.Event().wait()

    @strawberry.type
    class Root:
        @strawberry.field
        def lot(self) -> Lot:
            return Lot(key="a")

        @strawberry.field
        async def fails(self) -> int:
            await asyncio.sleep(0)
            raise GraphError("no")

    schema = strawberry.Schema(Root, execution_context_class=PlanExecutor)
    async with backend(never) as fake:
        execution = schema.execute("{ lot { found } fails }", context_value=Context(fake, []))
        result = await asyncio.wait_for(execution, 5)
        assert result.data is None
        assert [error.path for error in result.errors or ()] == [["fails"]]


async def no_await(self: Lot, shop: Shop) -> Any:
    return shop.lots.find(self.key)


async def more_than_a_load(self: Lot, shop: Shop) -> Any:
    return await shop.lots.find(self.key) or 0


async def key_of_a_key(self: Lot, shop: Shop) -> Any:
    return await shop.lots.find(self.key.upper())  # type: ignore[union-attr]


async def another_way(self: Lot, shop: Shop) -> Any:
    return await shop.lots.search(self.key)  # type: ignore[attr-defined]


async def not_its_own(self: Lot, shop: Shop) -> Any:
    return await OTHER.lots.find(self.key)


async def two_keys(self: Lot, shop: Shop) -> Any:
    return await shop.lots.find(self.key, self.number)  # type: ignore[call-arg]


OTHER: Any = None
NOT_LINKS = [no_await, more_than_a_load, key_of_a_key, another_way, not_its_own, two_keys, len]


def test_resolver_that_only_awaits_a_load_is_a_link() -> None:
    link = find_link(loaded, {"shop": Shop})
    assert link is not None
    assert (link.adapter, link.batch, link.way, link.key) == (Shop, "lots", "load", "key")


@pytest.mark.parametrize("function", NOT_LINKS, ids=lambda function: function.__name__)
def test_resolver_that_does_more_than_one_load_is_no_link(function: Callable[..., Any]) -> None:
    assert find_link(function, {"shop": Shop}) is None
