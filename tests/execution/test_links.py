"""Links: resolvers that are only a load run for a whole level at once, and give what the resolver itself would."""

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
    """Never made: the context hands out a `Desk` for it."""

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
    """As a resolver and as the plan see one: loads over a backend that is not there, and how they are settled."""

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
    """Data, errors by place, and the keys of each call."""
    async with backend(answer) as fake:
        with counted("planned"):
            result = await SCHEMA.execute(query, context_value=Context(fake, KEYS if keys is None else keys))
        errors = [(error.path, error.message) for error in result.errors or ()]
        return result.data, errors, fake.calls


async def test_one_call_for_a_level_and_each_key_once() -> None:
    data, errors, calls = await ask("{ lots { found } }", ["a", "b", "a", "c", "b"])
    assert data == {"lots": [{"found": 10}] * 5}
    assert errors == []
    assert calls == [["a", "b", "c"]]


@pytest.mark.parametrize("field", ["found", "plainly", "driven"])
async def test_each_key_has_its_own_answer(field: str) -> None:
    data, errors, calls = await ask(f"{{ lots {{ {field} }} }}")
    assert [lot[field] for lot in data["lots"]] == [10, 10, None, 10, None, 10]
    assert errors == [(["lots", 4, field], "the backend refuses")]
    assert calls == [["a", "b", "missing", "bad", "c"]]


async def test_what_must_exist() -> None:
    data, errors, _ = await ask("{ lots { loaded } }")
    assert data["lots"] == [{"loaded": 10}, {"loaded": 10}, None, {"loaded": 10}, None, {"loaded": 10}]
    assert errors == [(["lots", 2, "loaded"], "There is no missing."), (["lots", 4, "loaded"], "the backend refuses")]


async def test_links_and_driven_resolvers_share_a_call() -> None:
    data, _, calls = await ask("{ lots { found a: found driven plainly loaded } }", ["a", "b"])
    assert data["lots"] == [{"found": 10, "a": 10, "driven": 10, "plainly": 10, "loaded": 10}] * 2
    assert calls == [["a", "b"]]


async def test_fields_with_arguments_are_driven() -> None:
    data, _, calls = await ask("{ lots { withArgument(plus: 2) added(plus: 3) } }", ["a", "b"])
    assert data["lots"] == [{"withArgument": 12, "added": 20}] * 2
    assert [sorted(keys) for keys in calls] == [["a", "a3", "b", "b3"]]


async def test_a_key_that_cannot_be_read() -> None:
    data, errors, _ = await ask("{ lots { found } }", [["not", "hashable"], "a"])
    assert data["lots"] == [{"found": None}, {"found": 10}]
    assert [path for path, _ in errors] == [["lots", 0, "found"]]


async def test_a_link_that_nobody_wants_any_more_is_not_waited_for() -> None:
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


def test_what_is_a_link() -> None:
    link = find_link(loaded, {"shop": Shop})
    assert link is not None
    assert (link.adapter, link.batch, link.way, link.key) == (Shop, "lots", "load", "key")


@pytest.mark.parametrize("function", NOT_LINKS, ids=lambda function: function.__name__)
def test_what_only_looks_like_a_link(function: Callable[..., Any]) -> None:
    assert find_link(function, {"shop": Shop}) is None
