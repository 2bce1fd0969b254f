"""Defines the errors of this room, which a command prints."""

from __future__ import annotations

__all__ = ["ListenError", "ServingError"]


class ServingError(Exception):
    """The gateway cannot be served."""


class ListenError(ServingError):
    """A host and port cannot be listened on, for the `reason` that the system gives.

    `bad_host` says that the host itself cannot be used, with any port.
    """

    def __init__(self, host: str, port: int, reason: OSError, *, bad_host: bool = False) -> None:
        super().__init__(f"cannot listen on port {port} of {host}: {reason.strerror}")
        self.host, self.port, self.reason, self.bad_host = host, port, reason, bad_host
