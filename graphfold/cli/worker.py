"""`graphfold worker`: the process that `graphfold dev --reload` starts and replaces. Not for people."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from typing import Annotated

import typer

from graphfold.cli.dev import gateway

__all__ = ["worker"]


def worker(
    listener: Annotated[int, typer.Option(help="The listening socket.")],
    ready: Annotated[int, typer.Option(help="Where to say that it is ready.")],
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing of the backends.")] = False,
) -> None:
    """Serve on an inherited socket until the parent ends."""
    from graphfold.cli.serving import run

    raise typer.Exit(run(_work(socket.socket(fileno=listener), ready, announced=not quiet)))


async def _work(listener: socket.socket, ready: int, *, announced: bool) -> int:
    _end_with_parent()
    async with gateway(listener, dict(os.environ), announced=announced):
        os.write(ready, b"!")
        os.close(ready)
        await asyncio.Event().wait()
    return 0


def _end_with_parent() -> None:
    """Stop when stdin ends, as it does when the parent is gone, however it went."""
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert task is not None

    def watch() -> None:
        while os.read(0, 4096):
            pass
        loop.call_soon_threadsafe(task.cancel)

    threading.Thread(target=watch, daemon=True).start()
