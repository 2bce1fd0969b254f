"""Batching: many keys are one call, an error belongs to its key, each result to its load."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from graphfold.graph.graph import Graph
from graphfold.testing import ask, fakes
from tests.graphfold.people import Office, people, refused

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["breadth-first", "graphql-core"])
def environment(request: pytest.FixtureRequest) -> Mapping[str, str]:
    """Settings for each of the two executors."""
    return {"GRAPHFOLD_EXECUTION": request.param}


async def run(graph: Graph, office: Office, query: str, **variables: Any) -> tuple[Any, list[str]]:
    """Return the data of one query, and the backend's requests for it."""
    async with graph.running(transports=fakes(hr=office)):
        return await ask(graph, query, **variables), office.requests


async def execute(graph: Graph, office: Office, query: str) -> Any:
    async with graph.running(transports=fakes(hr=office)):
        return (await graph.execute(query, request_id="r")).document()


async def test_many_loads_are_one_call(environment: Mapping[str, str]) -> None:
    data, calls = await run(
        people(environment=environment), Office(), '{ some(numbers: ["1", "2", "3"]) { boss { name } } }'
    )
    assert data == {"some": [{"boss": {"name": name}} for name in ("Ann", "Bob", "Cid")]}
    assert calls == ["people 1,2,3"]


async def test_key_is_requested_once_per_operation(environment: Mapping[str, str]) -> None:
    query = (
        '{ a: person(number: "2") { name } b: person(number: "2") { name } many(numbers: ["2", "3", "2"]) { name } }'
    )
    data, calls = await run(people(environment=environment), Office(), query)
    assert data == {"a": {"name": "Bob"}, "b": {"name": "Bob"}, "many": [{"name": n} for n in ("Bob", "Cid", "Bob")]}
    assert calls == ["people 2,3"]


async def test_results_do_not_depend_on_reply_order(environment: Mapping[str, str]) -> None:
    graph = people(answering=lambda rows: dict(reversed(rows.items())), environment=environment)
    data, _ = await run(graph, Office(), '{ many(numbers: ["3", "1", "2"]) { name } }')
    assert [person["name"] for person in data["many"]] == ["Cid", "Ann", "Bob"]


async def test_more_keys_than_max_size_are_parallel_calls(environment: Mapping[str, str]) -> None:
    office, together = Office(), asyncio.Barrier(3)

    async def waits(request: httpx.Request) -> Any:
        async with asyncio.timeout(5):
            await together.wait()
        return office.people(request)

    office.on("GET /people", waits)
    graph = people(max_size=2, environment=environment)
    _, calls = await run(graph, office, '{ many(numbers: ["1", "2", "3", "4", "5"]) { name } }')
    assert calls == ["people 1,2", "people 3,4", "people 5"]


async def test_missing_key_is_not_found_or_null(environment: Mapping[str, str]) -> None:
    answer = await execute(
        people(environment=environment),
        Office(),
        '{ a: person(number: "1") { name } b: person(number: "99") { name } c: seek(number: "98") { name } }',
    )
    assert answer["data"] == {"a": {"name": "Ann"}, "b": None, "c": None}
    [error] = answer["errors"]
    assert error["path"] == ["b"]
    assert error["message"] == "There is no such entry: 99."
    assert error["extensions"] == {
        "code": "NOT_FOUND",
        "retryable": False,
        "backend": "hr",
        "operation": "people",
        "requestId": "r",
    }


async def test_rejected_key_fails_alone(environment: Mapping[str, str]) -> None:
    graph = people(answering=refused("2"), environment=environment)
    answer = await execute(graph, Office(), '{ some(numbers: ["1", "2", "3"]) { boss { name } } }')
    assert [person["boss"] for person in answer["data"]["some"]] == [{"name": "Ann"}, None, {"name": "Cid"}]
    [error] = answer["errors"]
    assert error["path"] == ["some", 1, "boss"]
    assert (error["message"], error["extensions"]["code"]) == ("This one is secret.", "BACKEND_REJECTED")


def strict(office: Office, *bad: str) -> Office:
    """Make the office reject each request that contains one of these numbers."""
    office.on("GET /people", lambda r: httpx.Response(400) if {*bad} & {*office.numbers(r)} else office.people(r))
    return office


async def test_call_rejected_for_one_key_is_halved(environment: Mapping[str, str]) -> None:
    office = strict(Office(), "4")
    query = '{ some(numbers: ["1", "2", "3", "4", "5"]) { boss { name } } }'
    answer = await execute(people(environment=environment), office, query)
    names = [person["boss"] and person["boss"]["name"] for person in answer["data"]["some"]]
    assert names == ["Ann", "Bob", "Cid", None, "Eve"]
    [error] = answer["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["some", 3, "boss"], "BACKEND_REJECTED")
    assert sorted(office.requests) == [f"people {n}" for n in ("1,2", "1,2,3,4,5", "3", "3,4,5", "4", "4,5", "5")]


async def test_halving_ends_with_the_retry_budget(
    environment: Mapping[str, str],
) -> None:
    office = strict(Office(" ".join("abcdefghijklmnop")), *map(str, range(1, 17)))
    query = "query ($n: [String!]!) { some(numbers: $n) { boss { name } } }"
    graph = people(environment=environment)
    async with graph.running(transports=fakes(hr=office)):
        answer = await graph.execute(query, {"n": [*office.names]})
    assert {error["extensions"]["code"] for error in answer.errors} == {"BACKEND_REJECTED"}
    assert len(answer.errors) == 16
    assert len(office.calls) == 1 + 3 * 2  # three of the calls were halved


async def test_unsendable_key_fails_alone(environment: Mapping[str, str]) -> None:
    """The other keys are sent for the first time, so no retry budget is spent, however many keys there are."""
    office = Office(" ".join("abcdefghijklmnop"))
    query = "query ($n: [String!]!) { some(numbers: $n) { boss { name } } }"
    graph = people(environment=environment)
    async with graph.running(transports=fakes(hr=office)):
        answer = await graph.execute(query, {"n": [*office.names, "\ud800"]})
        left = graph.state()["hr"]["retriesLeft"]
    assert [error["path"] for error in answer.errors] == [["some", 16, "boss"]]
    assert answer.errors[0]["extensions"]["code"] == "BAD_INPUT"
    assert left == 3
    sent = [number for call in office.calls for number in office.numbers(call)]
    assert sorted(sent, key=int) == [*office.names]


async def test_missing_key_beside_a_foreign_key_is_an_error(environment: Mapping[str, str]) -> None:
    """The foreign key may be the missing one in another form; keys with a result are not affected."""
    graph = people(answering=lambda rows: {"1": rows["1"], "02": rows["2"]}, environment=environment)
    answer = await execute(graph, Office(), '{ some(numbers: ["1", "2"]) { boss { name } } }')
    assert [person["boss"] for person in answer["data"]["some"]] == [{"name": "Ann"}, None]
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BACKEND_BAD_REPLY"]


async def test_failed_call_does_not_affect_other_calls(environment: Mapping[str, str]) -> None:
    office = Office()
    office.on("GET /people", lambda r: httpx.Response(503) if "3" in office.numbers(r) else office.people(r))
    graph = people(max_size=2, environment=environment)
    answer = await execute(graph, office, '{ some(numbers: ["1", "2", "3", "4", "5"]) { boss { name } } }')
    assert [person["boss"] is None for person in answer["data"]["some"]] == [False, False, True, True, False]
    assert [error["path"][1] for error in answer["errors"]] == [2, 3]
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"BACKEND_UNAVAILABLE"}


async def test_error_is_at_every_response_path_of_its_key(environment: Mapping[str, str]) -> None:
    office = Office()
    office.on("GET /people", httpx.Response(500))
    query = '{ a: person(number: "1") { name } b: person(number: "1") { name } }'
    answer = await execute(people(environment=environment), office, query)
    assert sorted(error["path"] for error in answer["errors"]) == [["a"], ["b"]]
    assert len(office.calls) == 3  # one call for both fields, and its two retries


async def test_foreign_keys_are_an_error(environment: Mapping[str, str], log: list[Any]) -> None:
    """Keys that come back in another type match no load; that must not look like an empty result."""
    graph = people(answering=lambda rows: {f"#{number}": row for number, row in rows.items()}, environment=environment)
    answer = await execute(graph, Office(), '{ person(number: "1") { name } }')
    assert answer["errors"][0]["extensions"]["code"] == "BACKEND_BAD_REPLY"
    assert answer["errors"][0]["message"] == "The backend returned keys that were not requested."
    assert any(line["event"] == "foreign keys" and line["count"] == 1 for line in log)
    assert any("'#1'" in line.get("internal", "") for line in log)


async def test_two_rows_for_one_key_are_an_error(environment: Mapping[str, str]) -> None:
    office = Office()
    office.on("GET /people", [office.person("1"), office.person("1")])
    answer = await execute(people(environment=environment), office, '{ person(number: "1") { name } }')
    assert answer["errors"][0]["message"] == "The backend returned one key twice."


async def test_bug_in_a_batch_is_internal_and_logged(environment: Mapping[str, str], log: list[Any]) -> None:
    def broken(_: dict[str, Any]) -> Any:
        raise RuntimeError("password=hunter2")

    graph = people(answering=broken, environment=environment)
    answer = await execute(graph, Office(), '{ person(number: "1") { name } }')
    assert answer["errors"][0]["message"] == "Internal error."
    assert answer["errors"][0]["extensions"]["code"] == "INTERNAL"
    assert "hunter2" not in str(answer)
    assert any(line["event"] == "internal error" and "hunter2" in line["traceback"] for line in log)


async def test_list_of_a_missing_key_is_empty(environment: Mapping[str, str]) -> None:
    data, calls = await run(
        people(environment=environment), Office("Ann"), '{ some(numbers: ["1", "7"]) { notes { text } } }'
    )
    assert data == {"some": [{"notes": [{"text": "10"}, {"text": "11"}]}, {"notes": []}]}
    assert calls == ["notes 1,7"]


async def test_equal_arguments_share_a_call_however_written(
    environment: Mapping[str, str],
) -> None:
    query = """{ some(numbers: ["1", "2"]) {
        a: notes(limit: 1) { text } b: notes(limit: 2) { text } c: notes { text } sameNotes { text } } }"""
    data, calls = await run(people(environment=environment), Office(), query)
    assert [len(data["some"][0][name]) for name in ("a", "b", "c", "sameNotes")] == [1, 2, 2, 2]
    assert calls == ["notes 1,2", "notes 1,2"]


async def test_ref_needs_no_call_if_only_the_key_is_selected(environment: Mapping[str, str]) -> None:
    query = '{ some(numbers: ["3"]) { notes(limit: 1) { author { number } } } }'
    data, calls = await run(people(environment=environment), Office(), query)
    assert data == {"some": [{"notes": [{"author": {"number": "3"}}]}]}
    assert calls == ["notes 3"]


async def test_ref_is_loaded_if_more_is_selected(environment: Mapping[str, str]) -> None:
    query = '{ some(numbers: ["3"]) { notes(limit: 1) { author { number name } } } }'
    data, calls = await run(people(environment=environment), Office(), query)
    assert data == {"some": [{"notes": [{"author": {"number": "3", "name": "Cid"}}]}]}
    assert calls == ["notes 3", "people 3"]


async def test_rows_of_a_page_prime_loads(environment: Mapping[str, str]) -> None:
    graph = people(environment=environment)
    data, calls = await run(graph, Office(), "{ staff { name boss { name } } }")
    assert data["staff"][2] == {"name": "Cid", "boss": {"name": "Bob"}}
    assert calls == ["staff"]


async def test_equal_reads_are_one_call(environment: Mapping[str, str]) -> None:
    query = '{ a: staff { name } b: staff(team: "all") { name } c: staff(team: "x") { name } }'
    _, calls = await run(people(environment=environment), Office(), query)
    assert calls == ["staff", "staff"]


async def test_operation_sees_its_own_write(environment: Mapping[str, str]) -> None:
    office = Office()
    graph = people(ttl=60, environment=environment)
    async with graph.running(transports=fakes(hr=office)):
        await ask(graph, '{ person(number: "1") { name } }')
        renamed = await ask(
            graph,
            'mutation { a: rename(number: "1", name: "Zoe") { name } b: rename(number: "2", name: "Yan") {name} }',
        )
        after = await ask(graph, '{ person(number: "1") { name } }')
    assert renamed == {"a": {"name": "Zoe"}, "b": {"name": "Yan"}}
    assert after == {"person": {"name": "Zoe"}}


async def test_loaders_are_per_operation(environment: Mapping[str, str]) -> None:
    office = Office()
    graph = people(environment=environment)
    async with graph.running(transports=fakes(hr=office)):
        first = await ask(graph, '{ person(number: "1") { name } }')
        office.names["1"] = "Zoe"
        second = await ask(graph, '{ person(number: "1") { name } }')
    assert (first, second) == ({"person": {"name": "Ann"}}, {"person": {"name": "Zoe"}})
