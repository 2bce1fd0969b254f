"""Opens the listener for a command, and explains in terms of its options why that is not possible."""

from __future__ import annotations

import errno
import socket

from graphfold.cli.terminal import Stop
from graphfold.serving.errors import ListenError
from graphfold.serving.listener import open_listener

__all__ = ["listen"]


def listen(host: str, port: int, option: str = "--port") -> socket.socket:
    """Return a listening socket; port 0 takes a free one. `option` is the command's option for the port."""
    try:
        return open_listener(host, port)
    except ListenError as error:
        reason = error.reason
        if error.bad_host:
            stop = Stop(f"--host {host}: {reason.strerror}.", fix="name an address of this machine.", code=2)
        elif reason.errno == errno.EADDRINUSE:
            other = port + 10 if port < 65_000 else 8000
            stop = Stop(
                f"Port {port} of {host} is taken by another program.",
                fix=f"stop that program, or choose another port: {option} {other} ({option} 0 takes any free one).",
            )
        elif reason.errno == errno.EACCES:  # Unix keeps ports below 1024 for processes with privileges
            stop = Stop(
                f"Listening on port {port} of {host} is not permitted.",
                fix=f"choose a port from 1024 up: {option} 8000.",
            )
        else:
            stop = Stop(
                f"Cannot listen on port {port} of {host}: {reason.strerror}.", fix=f"choose another --host or {option}."
            )
        raise stop from None
