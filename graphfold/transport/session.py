"""A credential at work for one backend; the client asks it before each call. Kinds live in `graphfold.credentials`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from graphfold.transport.call import Call, Reply
from graphfold.transport.echo import Form

__all__ = ["Reach", "Send", "Session"]

Send = Callable[[Call], Awaitable[Reply]]
"""Sends a call as it is, without credentials."""

Reach = Callable[[str], Send]
"""A way to an address, the backend's or another: for token requests."""


class Session:
    """The base class is "no credentials".

    `signed` waits for nothing, so that a call whose credentials are at hand costs no more than they do.
    """

    def signed(self, call: Call) -> Call | None:
        """The call with credentials, made for one attempt; None where they have to be fetched first."""
        return call

    def secrets(self, signed: Call) -> tuple[Form, ...]:
        """What a backend that was sent this call must not get into an answer or a log: see `transport.echo`."""
        return ()

    async def fetched(self, call: Call) -> Call:
        """The call with credentials that are fetched for it. Asked for only where `signed` has none."""
        raise NotImplementedError

    async def renewed(self, call: Call, refused: Call) -> Call | None:
        """After a 401 to `refused`, which was `call` signed: the same with others, None if there are none."""
        return None
