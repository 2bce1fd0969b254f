"""`graphfold query`: runs one operation, in this process or on a gateway that runs elsewhere."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import httpx
import orjson
import typer

from graphfold.cli.project_graph import (
    current_project,
    development_environment,
    load_graph,
    stop_if_settings_are_missing,
)
from graphfold.cli.query_input import document_name, read_document, read_variables
from graphfold.cli.rendering.error_lines import error_line
from graphfold.cli.terminal import Stop, complain, out
from graphfold.serving.log_output import configure_logging

__all__ = ["query"]

_FIX = """set them (see .env.example), or send the query to a running gateway: `graphfold dev` in another terminal, then
  graphfold query ... --url http://127.0.0.1:8000/graphql"""


def query(
    text: Annotated[str, typer.Argument(metavar="TEXT|FILE", help="A query, the path of one, or - for stdin.")],
    variables: Annotated[str | None, typer.Option(metavar="JSON|@FILE", help="The variables.")] = None,
    operation: Annotated[str | None, typer.Option(help="Name of the operation, if the document has several.")] = None,
    url: Annotated[str | None, typer.Option(help="Send the query to the gateway at this URL.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole answer as one line of JSON.")] = False,
) -> None:
    """Run a query. Exit code 0 when it was answered without errors, 1 with errors, 2 when called wrongly."""
    document, values = read_document(text), read_variables(variables)
    answer = _send(url, document, values, operation) if url else _run_here(document, values, operation)
    if as_json:
        out.file.write(orjson.dumps(answer).decode() + "\n")
    else:
        if answer.get("data") is not None:
            out.print_json(orjson.dumps(answer["data"]).decode(), highlight=out.is_terminal)
        for error in answer.get("errors", ()):
            complain(error_line(error, document_name(text)))
    if answer.get("errors"):
        raise typer.Exit(1)


def _run_here(document: str, variables: dict[str, Any] | None, operation: str | None) -> dict[str, Any]:
    configure_logging()
    graph = load_graph(development_environment(current_project().root))
    stop_if_settings_are_missing(graph, _FIX)

    async def execute() -> dict[str, Any]:
        graph.documents.development = True  # a developer may introspect and gets suggestions for misspelt names
        async with graph.running():
            answer = await graph.execute(document, variables, operation)
            body: dict[str, Any] = orjson.loads(answer.body())
            return body

    return asyncio.run(execute())


# An application/json answer has status 200 even if the query is invalid; the first type shows the error's status.
_ACCEPT = "application/graphql-response+json, application/json;q=0.9"


def _send(url: str, document: str, variables: dict[str, Any] | None, operation: str | None) -> dict[str, Any]:
    payload = {"query": document, "variables": variables, "operationName": operation}
    try:
        is_local = httpx.URL(url).host in ("127.0.0.1", "localhost", "::1")  # a proxy cannot reach this machine
        response = httpx.post(url, json=payload, headers={"accept": _ACCEPT}, timeout=60, trust_env=not is_local)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        message = f"--url {url}: no answer ({error or type(error).__name__})."
        raise Stop(message, fix="check the address, and that the gateway runs there.") from None
    try:
        answer = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        answer = None
    if not isinstance(answer, dict) or not answer.keys() & {"data", "errors"}:
        kind = response.headers.get("content-type", "no content type")
        message = f"--url {url}: this is not a GraphQL endpoint (status {response.status_code}, {kind})."
        raise Stop(message, fix=f"try --url {response.url.join('/graphql')}, where a gateway answers.")
    return answer
