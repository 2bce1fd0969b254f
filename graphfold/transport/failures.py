"""What goes wrong on a connection, before anyone has decided whose error it is."""

from __future__ import annotations

from graphfold.errors import BackendBadReply, InvalidInput

__all__ = ["ConnectTimedOut", "Garbled", "Lost", "Malformed", "Stale", "Unsendable", "Unsent"]


class Lost(ConnectionError):
    """The connection ended before the reply did."""


class Stale(Lost):
    """It ended before the first byte of the reply: what a kept connection does whose server has just given it up."""


class ConnectTimedOut(TimeoutError):
    """There was no connection in time: nothing has been sent."""


class Malformed(Exception):
    """What came is not one reply of HTTP/1.1, or its head is larger than we take."""


class Unsent(Exception):
    """Beside the kind of the error: nothing was sent, so it says nothing of the backend."""


class Unsendable(Unsent, InvalidInput):
    """What the caller gave makes no request."""


class Garbled(BackendBadReply):
    """The reply was spoilt on its way, or cut: the same call may bring it whole."""
