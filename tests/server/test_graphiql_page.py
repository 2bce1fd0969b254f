"""The GraphiQL page: served to browsers in development only, with the example queries as tabs."""

from typing import Any

import httpx
import pytest

from graphfold.server.graphiql_page import example_queries

pytestmark = pytest.mark.anyio

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.fixture(params=[True, False], ids=["development", "serving"])
def development(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


async def test_page_is_served_in_development_only(client: httpx.AsyncClient, development: bool) -> None:
    response = await client.get("/graphql", headers=BROWSER)
    if development:
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        assert "default-src 'self'" in response.headers["content-security-policy"]
        assert "<title>Demo" in response.text
    else:
        assert (response.status_code, response.headers["content-type"]) == (406, "application/json; charset=utf-8")


async def test_root_redirects_to_the_page_or_names_the_endpoint(client: httpx.AsyncClient, development: bool) -> None:
    response = await client.get("/")
    if development:
        assert (response.status_code, response.headers["location"]) == (307, "/graphql")
    else:
        assert (response.status_code, response.text) == (200, "This is a GraphQL gateway. It answers at /graphql.\n")


async def test_introspection_and_suggestions_in_development_only(client: httpx.AsyncClient, development: bool) -> None:
    schema = await client.post("/graphql", json={"query": "{ __schema { description } }"})
    typo = await client.post("/graphql", json={"query": "{ nam }"})
    assert ("data" in schema.json()) is development
    assert ("Did you mean" in typo.text) is development


async def test_example_queries_become_tabs(client: httpx.AsyncClient, graph: Any, development: bool) -> None:
    folder = graph.project.root / "queries"
    (folder / "02_orders.graphql").write_text("{ orders }")
    (folder / "01_customer.graphql").write_text("# One customer\n{ customer }")
    (folder / "01_customer.json").write_text('{"id": "1"}')
    (folder / "notes.txt").write_text("no query")
    assert [(tab.title, tab.query, tab.variables) for tab in example_queries(folder)] == [
        ("One customer", "# One customer\n{ customer }", '{"id": "1"}'),
        ("02_orders", "{ orders }", None),
    ]
    if development:
        assert "One customer" in (await client.get("/graphql", headers=BROWSER)).text


def test_missing_queries_folder_gives_no_tabs(graph: Any) -> None:
    assert example_queries(graph.project.root / "gone") == []
