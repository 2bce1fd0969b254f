"""Apply a credential to the calls of one backend. The kinds of credentials live in `graphfold.credentials`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from graphfold.transport.call import Call, Reply
from graphfold.transport.redaction import SecretForm

__all__ = ["Reach", "Send", "Session"]

Send = Callable[[Call], Awaitable[Reply]]
"""Sends a call unchanged, without credentials."""

Reach = Callable[[str], Send]
"""Returns a `Send` for any address, the backend's or another, for token requests."""


class Session:
    """A credential at work. The base class adds no credentials.

    The client calls `signed` before each attempt and `fetched` only if that returns None. `signed` is synchronous, so
    that a call whose credentials are at hand does not pay for a coroutine.
    """

    def signed(self, call: Call) -> Call | None:
        """Return the call with credentials, for one attempt; None if they have to be fetched first."""
        return call

    def secrets(self, signed: Call) -> tuple[SecretForm, ...]:
        """Return the secrets to redact in the reply to this call."""
        return ()

    async def fetched(self, call: Call) -> Call:
        """Fetch credentials and return the call with them. Called only after `signed` has returned None."""
        raise NotImplementedError

    async def renewed(self, call: Call, refused: Call) -> Call | None:
        """Return `call` with other credentials after a 401 to `refused`, its signed form; None if there are none."""
        return None
