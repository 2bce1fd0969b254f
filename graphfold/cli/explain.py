"""`graphfold explain`: what a query would ask of the backends. Nothing is called, and no setting is needed."""

from __future__ import annotations

from typing import Annotated

import orjson
import typer

from graphfold.cli.asked import document_of, source_of, variables_of
from graphfold.cli.diagnostics import diagnosed
from graphfold.cli.drawing import drawn
from graphfold.cli.loading import development_environment, loaded, project
from graphfold.cli.terminal import complain, out
from graphfold.explain.explainer import ExplainError
from graphfold.operation.masking import client_error

__all__ = ["explain"]


def explain(
    text: Annotated[str, typer.Argument(metavar="TEXT|FILE", help="A query, the path of one, or - for stdin.")],
    variables: Annotated[str | None, typer.Option(metavar="JSON|@FILE", help="The variables.")] = None,
    operation: Annotated[str | None, typer.Option(help="Which operation, if the document has several.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the plan as JSON.")] = False,
) -> None:
    """Print what a query asks of the backends: calls, keys, what waits for what. Calls nobody, needs no setting."""
    document, values = document_of(text), variables_of(variables)
    graph = loaded(development_environment(project().root))
    graph.documents.development = True
    try:
        explanation = graph.explain(document, values, operation)
    except ExplainError as refused:
        for error in refused.errors:
            complain(diagnosed(client_error(error, "", suggestions=True).formatted, source_of(text)))
        raise typer.Exit(1) from None
    if as_json:
        out.file.write(orjson.dumps(explanation.json(), option=orjson.OPT_INDENT_2).decode() + "\n")
    else:
        for line in drawn(explanation):
            out.print(line)
