"""Keys of batches: chunks, canonical forms, compound keys and wrong replies."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import httpx
import pytest
import strawberry

from graphfold import Keys, RestAdapter, Row, batch, by, each, resolves
from graphfold.errors import BackendRejected, NotFound
from graphfold.graph.graph import Graph
from graphfold.mistakes import Mistake
from graphfold.testing import FakeBackend, declaring, fakes, graph_of

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["breadth-first", "graphql-core"])
def environment(request: pytest.FixtureRequest) -> Mapping[str, str]:
    """Settings for each of the two executors."""
    return {"GRAPHFOLD_EXECUTION": request.param}


class Depot(FakeBackend):
    """A backend that answers with `rows(keys)`, and records the keys of each request."""

    def __init__(self, rows: Callable[[list[str]], list[Any]]) -> None:
        super().__init__({"GET /parts": self.parts})
        self._rows = rows
        self.requests: list[list[str]] = []
        self.open = self.most = 0

    async def parts(self, request: httpx.Request) -> Any:
        keys = request.url.params["ids"].split(",")
        self.requests.append(keys)
        self.open += 1
        self.most = max(self.most, self.open)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        self.open -= 1
        return [{"number": key, "size": 1} if isinstance(key, str | int) else key for key in self._rows(keys)]


def numbered(environment: Mapping[str, str], **options: Any) -> Graph:
    """Declare a graph of parts by number, with these options of the batch."""

    @strawberry.type
    class Part:
        size: int

    @strawberry.type
    class Shelf:
        number: str

    @strawberry.type
    class Query:
        pass

    class PartRow(Row[Part]):
        number: Any
        size: int

    class Store(RestAdapter):
        identity = "service"

        @batch(**options)
        async def parts(self, numbers: Keys[str]) -> dict[str, PartRow]:
            return by(await self.get("/parts", list[PartRow], ids=",".join(numbers)), lambda row: row.number)

    @resolves(Query)
    def shelves(numbers: list[str]) -> list[Shelf]:
        return [Shelf(number=number) for number in numbers]

    @resolves(Shelf)
    async def part(self: Shelf, store: Store) -> Part | None:
        return await store.parts.find(self.number)

    @resolves(Shelf)
    async def twice(self: Shelf, store: Store) -> int | None:
        found = await store.parts.find(self.number)
        return found.size * 2 if found else None

    return graph_of(environment)


async def load(graph: Graph, depot: Depot, *numbers: str, field: str = "part { size }") -> tuple[list[Any], list[Any]]:
    """Return the value of each number, and the errors."""
    query = f"query($numbers: [String!]!) {{ shelves(numbers: $numbers) {{ found: {field} }} }}"
    async with graph.running(transports=fakes(store=depot)):
        answer = await graph.execute(query, {"numbers": list(numbers)})
    assert answer.data is not None
    found = [shelf["found"] for shelf in answer.data["shelves"]]
    return [one["size"] if isinstance(one, dict) else one for one in found], answer.errors


async def test_split_load_limits_parallel_calls(environment: Mapping[str, str]) -> None:
    depot, numbers = Depot(list), [str(i) for i in range(20)]
    found, _ = await load(numbered(environment, max_size=2, parallel=3), depot, *numbers)
    assert found == [1] * 20
    assert depot.requests == [numbers[i : i + 2] for i in range(0, 20, 2)]
    assert depot.most == 3


@pytest.mark.parametrize("field", ["part { size }", "twice"])
async def test_keys_with_equal_canonical_form_are_one(environment: Mapping[str, str], field: str) -> None:
    depot = Depot(lambda keys: [key.lower() for key in keys])
    found, errors = await load(numbered(environment, key=str.upper), depot, "ab", "AB", "Ab", "c", field=field)
    assert errors == []
    assert None not in found
    assert depot.requests == [["AB", "C"]]


async def test_forget_accepts_any_form_of_a_key(environment: Mapping[str, str]) -> None:
    depot, graph = Depot(list), numbered(environment, key=str.upper, ttl=60, share="public")
    async with graph.running(transports=fakes(store=depot)):
        for change in ("", "AB", "ab", ""):
            if change:
                graph.invalidate("store", "parts", [change])
            await graph.execute('{ shelves(numbers: ["Ab"]) { twice } }')
    assert depot.requests == [["AB"]] * 3


async def test_number_and_text_are_one_key_if_declared(environment: Mapping[str, str]) -> None:
    depot = Depot(lambda keys: [int(key) for key in keys])
    assert await load(numbered(environment, key=str), depot, "1", "20") == ([1, 1], [])


async def test_leading_zeros_count_unless_declared_otherwise(environment: Mapping[str, str]) -> None:
    depot = Depot(lambda keys: [key for key in keys if key == "007"])
    assert await load(numbered(environment), depot, "007", "7") == ([1, None], [])
    with declaring():
        depot = Depot(list)
        graph = numbered(environment, key=lambda key: str(key).lstrip("0"))
        assert await load(graph, depot, "007", "7") == ([1, 1], [])
    assert depot.requests == [["7"]]


async def test_impossible_key_is_missing_without_a_call(environment: Mapping[str, str]) -> None:
    depot = Depot(list)
    found, errors = await load(numbered(environment, key=lambda key: str(int(key))), depot, "x", "07")
    assert (found, errors, depot.requests) == ([None, 1], [], [["7"]])


async def test_key_with_two_values_fails_alone(environment: Mapping[str, str], log: list[Mapping[str, Any]]) -> None:
    depot = Depot(lambda keys: [*keys, "2"])
    found, [error] = await load(numbered(environment), depot, "1", "2", "3")
    assert found == [1, None, 1]
    assert (error["path"], error["extensions"]["code"]) == (["shelves", 1, "found"], "BACKEND_BAD_REPLY")
    assert "'2'" not in error["message"]
    assert any("'2'" in str(line.get("internal")) for line in log)


async def test_two_backend_keys_with_one_canonical_form_fail_alone(environment: Mapping[str, str]) -> None:
    depot = Depot(lambda keys: [*keys, "b"])
    found, [error] = await load(numbered(environment, key=str.upper), depot, "a", "b")
    assert found == [1, None]
    assert error["extensions"]["code"] == "BACKEND_BAD_REPLY"


async def test_foreign_keys_are_logged_and_do_not_affect_others(
    environment: Mapping[str, str], log: list[Mapping[str, Any]]
) -> None:
    depot = Depot(lambda keys: [*keys, "foreign"])
    assert await load(numbered(environment), depot, "1", "2") == ([1, 1], [])
    [line] = [line for line in log if line["event"] == "foreign keys"]
    assert (line["count"], line["first"], line["operation"]) == (1, "['foreign']", "parts")


async def test_failed_chunk_affects_its_own_keys_only(environment: Mapping[str, str]) -> None:
    depot = Depot(lambda keys: [{"number": key} if key == "3" else key for key in keys])
    found, errors = await load(numbered(environment, max_size=2), depot, "1", "2", "3", "4", "5")
    assert found == [1, 1, None, None, 1]
    assert [error["path"][1] for error in errors] == [2, 3]


class PlaceTuple(NamedTuple):
    shop: str
    bin: int


@dataclass(frozen=True)
class PlaceDataclass:
    shop: str
    bin: int


@pytest.mark.parametrize("kind", [PlaceTuple, PlaceDataclass])
async def test_compound_keys(environment: Mapping[str, str], kind: Any) -> None:
    @strawberry.type
    class Part:
        size: int

    @strawberry.type
    class Query:
        pass

    class PartRow(Row[Part]):
        number: str
        size: int

    class Store(RestAdapter):
        identity = "service"

        @batch(ttl=60, share="public")
        async def parts(self, places: Keys[kind]) -> dict[kind, PartRow]:  # pyright: ignore[reportInvalidTypeForm]
            ids = ",".join(f"{place.shop}-{place.bin}" for place in places)
            rows = await self.get("/parts", list[PartRow], ids=ids)
            return by(rows, lambda row: kind(row.number[0], int(row.number[2:])))

    @resolves(Query)
    async def part(shop: str, bin: int, store: Store) -> Part | None:
        return await store.parts.find(kind(shop, bin))

    depot, graph = Depot(lambda keys: [key for key in keys if key != "b-2"]), graph_of(environment)
    one = 'part(shop: "a", bin: 1) { size }'
    query = f'{{ a: {one} b: part(shop: "b", bin: 2) {{ size }} again: {one} }}'
    async with graph.running(transports=fakes(store=depot)):
        for _ in range(2):
            answer = await graph.execute(query)
            assert answer.document() == {"data": {"a": {"size": 1}, "b": None, "again": {"size": 1}}}
    assert depot.requests == [["a-1", "b-2"]]


@pytest.mark.parametrize(("options", "message"), [({"parallel": 0}, "parallel=0"), ({"key": "upper"}, "key='upper'")])
def test_wrong_key_options_are_mistakes(options: dict[str, Any], message: str) -> None:
    with pytest.raises(Mistake) as mistake:
        batch(**options)
    assert message in str(mistake.value)
    assert "Fix:" in str(mistake.value)


async def test_each_limits_parallel_calls_and_keeps_order() -> None:
    """Without the limit one operation would fill the bulkhead's queue, and others would fail with BACKEND_BUSY."""
    begun, under_way, most = list[int](), 0, 0

    async def one(key: int) -> int:
        nonlocal under_way, most
        begun.append(key)
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1
        if key % 3 == 0:
            raise NotFound("gone") if key % 2 else BackendRejected("no")
        return key

    found = await each(range(1000), one)
    assert begun == list(range(1000))
    assert most == 32
    assert list(found) == [key for key in range(1000) if key % 6 != 3]
    assert all(isinstance(value, BackendRejected) if key % 6 == 0 else value == key for key, value in found.items())
