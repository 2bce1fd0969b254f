"""The socket that the gateway listens on, taken before anything else starts: a taken port is told at once."""

from __future__ import annotations

import errno
import socket

from graphfold.cli.terminal import Stop

__all__ = ["address_of", "check_sandbox_port", "listen"]


def listen(host: str, port: int, option: str = "--port") -> socket.socket:
    """A bound socket; port 0 takes a free one. `option` is where another port is named."""
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
        raise _refused(host, port, option, error) from None
    return listener


def _refused(host: str, port: int, option: str, error: OSError) -> Stop:
    if error.errno == errno.EADDRINUSE:
        other = port + 10 if port < 65_000 else 8000
        return Stop(
            f"Port {port} of {host} is taken by another program.",
            fix=f"stop that program, or choose another port: {option} {other} ({option} 0 takes any free one).",
        )
    if error.errno == errno.EACCES:
        return Stop(f"Port {port} of {host} is not ours to take.", fix=f"choose a port from 1024 up: {option} 8000.")
    return Stop(f"Cannot listen on port {port} of {host}: {error.strerror}.", fix=f"choose another --host or {option}.")


def check_sandbox_port(port: int, gateway: int) -> None:
    """Stops when the sandbox, on this machine, could not have `port` beside the gateway's. A check before the start."""
    if port and port == gateway:
        told = f"--port and --sandbox-port: both are {port}."
        raise Stop(told, fix="choose another for one of them (0 takes any free one).", code=2)
    listen("127.0.0.1", port, "--sandbox-port").close()


def address_of(listener: socket.socket) -> str:
    """The address a browser finds it at."""
    host, port = listener.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{shown}:{port}"
