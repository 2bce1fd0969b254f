"""Errors of requests and connections, before they are attributed to the backend or to the caller."""

from __future__ import annotations

from graphfold.errors import BackendBadReply, InvalidInput

__all__ = [
    "ConnectTimedOut",
    "ConnectionLost",
    "GarbledReply",
    "MalformedReply",
    "StaleConnection",
    "UnsendableRequest",
    "Unsent",
]


class ConnectionLost(ConnectionError):
    """The connection ended before the reply did."""


class StaleConnection(ConnectionLost):
    """The connection ended before the first byte of a reply.

    Typical of a kept-alive connection that the server closed just as the request was sent.
    """


class ConnectTimedOut(TimeoutError):
    """No connection was opened in time, so nothing was sent."""


class MalformedReply(Exception):
    """The bytes received are not one HTTP/1.1 reply, or its head is too large."""


class Unsent(Exception):
    """A mixin for errors of calls that were never sent to the backend, and so say nothing about its health."""


class UnsendableRequest(Unsent, InvalidInput):
    """The caller's values cannot be put into an HTTP request."""


class GarbledReply(BackendBadReply):
    """The reply was damaged or cut off on its way; the same call may succeed when it is sent again."""
