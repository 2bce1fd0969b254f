"""`graphfold explain`: shows which backend calls a query would make. It makes none, and needs no settings."""

from __future__ import annotations

from typing import Annotated

import orjson
import typer

from graphfold.cli.project_graph import current_project, development_environment, load_graph
from graphfold.cli.query_input import document_name, read_document, read_variables
from graphfold.cli.rendering.error_lines import error_line
from graphfold.cli.rendering.explanation_tree import explanation_lines
from graphfold.cli.terminal import complain, out
from graphfold.explain.explainer import ExplainError
from graphfold.operation.masking import client_error

__all__ = ["explain"]


def explain(
    text: Annotated[str, typer.Argument(metavar="TEXT|FILE", help="A query, the path of one, or - for stdin.")],
    variables: Annotated[str | None, typer.Option(metavar="JSON|@FILE", help="The variables.")] = None,
    operation: Annotated[str | None, typer.Option(help="Name of the operation, if the document has several.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the plan as JSON.")] = False,
) -> None:
    """Print the backend calls that a query would make, with their keys and order. Makes none and needs no settings."""
    document, values = read_document(text), read_variables(variables)
    graph = load_graph(development_environment(current_project().root))
    graph.documents.development = True  # a developer may introspect and gets suggestions for misspelt names
    try:
        explanation = graph.explain(document, values, operation)
    except ExplainError as failure:
        for error in failure.errors:
            complain(error_line(client_error(error, "", suggestions=True).formatted, document_name(text)))
        raise typer.Exit(1) from None
    if as_json:
        out.file.write(orjson.dumps(explanation.json(), option=orjson.OPT_INDENT_2).decode() + "\n")
    else:
        for line in explanation_lines(explanation):
            out.print(line)
