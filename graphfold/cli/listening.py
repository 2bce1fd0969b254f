"""The socket that the gateway listens on, taken before anything else starts: a taken port is told at once."""

from __future__ import annotations

import errno
import socket

from graphfold.cli.terminal import Stop

__all__ = ["address_of", "listen"]


def listen(host: str, port: int) -> socket.socket:
    """A bound socket; port 0 takes a free one."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise Stop(f"--host {host}: {error.strerror}.", fix="name an address of this machine.", code=2) from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(1024)  # a second program on this port is found out only here
    except OSError as error:
        listener.close()
        raise _refused(host, port, error) from None
    return listener


def _refused(host: str, port: int, error: OSError) -> Stop:
    if error.errno == errno.EADDRINUSE:
        other = port + 10 if port < 65_000 else 8000
        return Stop(
            f"Port {port} of {host} is taken by another program.",
            fix=f"stop that program, or choose another port: --port {other} (--port 0 takes any free one).",
        )
    if error.errno == errno.EACCES:
        return Stop(f"Port {port} of {host} is not ours to take.", fix="choose a port from 1024 up: --port 8000.")
    return Stop(f"Cannot listen on port {port} of {host}: {error.strerror}.", fix="choose another --host or --port.")


def address_of(listener: socket.socket) -> str:
    """The address a browser finds it at."""
    host, port = listener.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{shown}:{port}"
