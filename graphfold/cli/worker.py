"""`graphfold worker`: the process that `graphfold dev --reload` starts and replaces; hidden from the help."""

from __future__ import annotations

import os
import socket
from typing import Annotated

import typer

from graphfold.cli.dev import gateway

__all__ = ["worker"]


def worker(
    listener: Annotated[int, typer.Option(help="The file descriptor of the listening socket.")],
    ready: Annotated[int, typer.Option(help="The file descriptor to write a byte to when ready.")],
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing about the backends.")] = False,
) -> None:
    """Serve on an inherited socket until the parent ends."""
    from graphfold.serving.signals import run_until_signal
    from graphfold.serving.worker import run_worker

    # The reloader prints for all of its workers, so only the first of them prints the state of the backends.
    served = gateway(socket.socket(fileno=listener), dict(os.environ), announced=not quiet)
    raise typer.Exit(run_until_signal(run_worker(served, ready)))
