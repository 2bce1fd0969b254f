"""A credential at work for one backend; the client asks it before each call. Kinds live in `graphfold.credentials`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from graphfold.transport.call import Call, Reply

__all__ = ["Send", "Session"]

Send = Callable[[Call], Awaitable[Reply]]
"""Sends a call to the same backend without credentials: for token requests."""


class Session:
    """The base class is "no credentials"."""

    async def headers(self) -> Mapping[str, str]:
        """The headers to add to a call."""
        return {}

    async def renew(self, refused: Mapping[str, str]) -> bool:
        """After a 401 to a call with the headers `refused`: True when there are other credentials to try once more."""
        return False

    def security(self, body: str) -> str:
        """The WS-Security header block for one SOAP message with this body (what a signature signs), or nothing."""
        return ""
