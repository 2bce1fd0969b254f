"""The header `Graphfold-Deadline`: the seconds that a client waits."""

import httpx
import pytest

from tests.server.conftest import FakeGraph

pytestmark = pytest.mark.anyio


async def post_with_deadline(client: httpx.AsyncClient, deadline: str | None = None) -> httpx.Response:
    headers = {} if deadline is None else {"graphfold-deadline": deadline}
    return await client.post("/graphql", json={"query": "{ name }"}, headers=headers)


@pytest.mark.parametrize(("text", "seconds"), [("2.5", 2.5), ("60", 60.0), (" 0.01 ", 0.01), ("1e1", 10.0)])
async def test_deadline_header_is_passed_to_the_graph(
    client: httpx.AsyncClient, graph: FakeGraph, text: str, seconds: float
) -> None:
    assert (await post_with_deadline(client, text)).json() == {"data": {"name": "graph"}}
    assert graph.seconds == seconds


async def test_missing_deadline_header_means_no_deadline(client: httpx.AsyncClient, graph: FakeGraph) -> None:
    assert (await post_with_deadline(client)).status_code == 200
    assert graph.seconds is None


@pytest.mark.parametrize("text", ["0", "-1", "inf", "-inf", "NaN", "soon", "", "2,5", "2s", "1e999"])
async def test_invalid_deadline_header_is_rejected(client: httpx.AsyncClient, graph: FakeGraph, text: str) -> None:
    response = await post_with_deadline(client, text)
    [error] = response.json()["errors"]
    assert (response.status_code, error["extensions"]["code"]) == (400, "BAD_INPUT")
    assert error["message"] == "Graphfold-Deadline has to be a number of seconds above zero, such as 2.5."
    assert graph.changes == 0
    assert graph.seconds is None
