"""`graphfold query`: one question to the graph, in this process or to a gateway that runs elsewhere."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import httpx
import orjson
import typer

from graphfold.cli.asked import document_of, source_of, variables_of
from graphfold.cli.diagnostics import diagnosed
from graphfold.cli.loading import development_environment, loaded, project, refuse_missing
from graphfold.cli.logs import configure
from graphfold.cli.terminal import Stop, complain, out

__all__ = ["query"]

_FIX = """set them (see .env.example), or ask a gateway that runs: `graphfold dev` in another terminal, then
  graphfold query ... --url http://127.0.0.1:8000/graphql"""


def query(
    text: Annotated[str, typer.Argument(metavar="TEXT|FILE", help="A query, the path of one, or - for stdin.")],
    variables: Annotated[str | None, typer.Option(metavar="JSON|@FILE", help="The variables.")] = None,
    operation: Annotated[str | None, typer.Option(help="Which operation to run, if the document has several.")] = None,
    url: Annotated[str | None, typer.Option(help="Ask the gateway at this address, not in this process.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole answer as one line of JSON.")] = False,
) -> None:
    """Run a query. Exit code 0 when it was answered without errors, 1 with errors, 2 when called wrongly."""
    document, values = document_of(text), variables_of(variables)
    answer = _ask(url, document, values, operation) if url else _run(document, values, operation)
    _show(answer, source_of(text), as_json=as_json)
    if answer.get("errors"):
        raise typer.Exit(1)


def _run(document: str, variables: dict[str, Any] | None, operation: str | None) -> dict[str, Any]:
    configure()
    graph = loaded(development_environment(project().root))
    refuse_missing(graph, _FIX)

    async def answered() -> dict[str, Any]:
        graph.documents.development = True
        async with graph.running():
            answer = await graph.execute(document, variables, operation)
            told: dict[str, Any] = orjson.loads(answer.body())
            return told

    return asyncio.run(answered())


def _ask(url: str, document: str, variables: dict[str, Any] | None, operation: str | None) -> dict[str, Any]:
    sent = {"query": document, "variables": variables, "operationName": operation}
    try:
        beside_us = httpx.URL(url).host in ("127.0.0.1", "localhost", "::1")  # never through a proxy
        response = httpx.post(url, json=sent, headers={"accept": _ACCEPT}, timeout=60, trust_env=not beside_us)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        told = f"--url {url}: no answer ({error or type(error).__name__})."
        raise Stop(told, fix="check the address, and that the gateway runs there.") from None
    try:
        answer = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        answer = None
    if not isinstance(answer, dict) or not answer.keys() & {"data", "errors"}:
        kind = response.headers.get("content-type", "no content type")
        told = f"--url {url}: that is no GraphQL endpoint (status {response.status_code}, {kind})."
        raise Stop(told, fix=f"try --url {response.url.join('/graphql')}, where a gateway answers.")
    return answer


_ACCEPT = "application/graphql-response+json, application/json;q=0.9"


def _show(answer: dict[str, Any], source: str, *, as_json: bool) -> None:
    if as_json:
        out.file.write(orjson.dumps(answer).decode() + "\n")
        return
    if answer.get("data") is not None:
        out.print_json(orjson.dumps(answer["data"]).decode(), highlight=out.is_terminal)
    for error in answer.get("errors", ()):
        complain(diagnosed(error, source))
