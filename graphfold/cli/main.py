"""Assembles the command line from its commands, and turns their exceptions into messages and exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated

import typer

from graphfold.cli import backends, check, dev, explain, invalidate, query, schema, serve, worker
from graphfold.cli.terminal import Stop, complain
from graphfold.serving.errors import ServingError

__all__ = ["main"]

app = typer.Typer(
    name="graphfold",
    help="Folds REST, SOAP and GraphQL backends into one GraphQL graph.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # typer would print local variables, which may be secrets
)
for command in (
    dev.dev,
    serve.serve,
    query.query,
    explain.explain,
    schema.schema,
    backends.backends,
    check.check,
    invalidate.invalidate,
):
    app.command()(command)
app.command(hidden=True)(worker.worker)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"graphfold {version('graphfold')}")
        raise typer.Exit


@app.callback()
def root(
    show: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Accept the options before the command."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    try:
        app(arguments, prog_name="graphfold")
    except Stop as stop:
        complain(stop)
        return stop.code
    except ServingError as error:
        complain(error)
        return 1
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of our output has closed it, as `head` does. The interpreter flushes stdout at exit, which would
        # fail again, so stdout is replaced.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return 0
