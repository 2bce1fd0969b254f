"""Opens the socket that the gateway listens on, before anything else starts, so that a taken port is found at once."""

from __future__ import annotations

import socket

from graphfold.serving.errors import ListenError

__all__ = ["open_listener", "url_of"]


def open_listener(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 takes a free one. Raise `ListenError` if that is not possible."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ListenError(host, port, error, bad_host=True) from None
    try:
        # Connections of a gateway that has just stopped stay in TIME_WAIT for a minute, and would block the port.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(1024)  # with SO_REUSEADDR, only this fails if another program listens on the port
    except OSError as error:
        listener.close()
        raise ListenError(host, port, error) from None
    return listener


def url_of(listener: socket.socket) -> str:
    """Return the URL at which a browser on this machine reaches the listener."""
    host, port = listener.getsockname()[:2]
    # The addresses for "all interfaces" can be listened on, but not every system can connect to them.
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{shown}:{port}"
