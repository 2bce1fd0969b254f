"""Sends calls to one backend: credentials, limits on time and size, and typed errors for the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import httpx

from graphfold.deadline import deadline_exceeded, timeout_within_deadline
from graphfold.errors import BackendTimeout, GraphError
from graphfold.transport.bridge import Bridge
from graphfold.transport.call import Call, Reply
from graphfold.transport.discretion import Discretion
from graphfold.transport.echo import blotted, forms_of_caller
from graphfold.transport.limits import CallLimits
from graphfold.transport.network import Channel, Network
from graphfold.transport.session import Reach, Send, Session

__all__ = ["CallLimits", "Client"]

_OF_CALLER = ("cookie", "authorization")


class Client:
    """All traffic to one backend. `address` is its base URL; a redirect is never followed.

    `heard` is told the headers of each reply, `resent` of each call that is sent again with fresh credentials, a
    transport that is not ours what to be discreet about.
    """

    def __init__(
        self,
        address: str,
        transport: httpx.AsyncBaseTransport,
        limits: CallLimits,
        sign_in: Callable[[Reach], Session],
        heard: Callable[[Mapping[str, str]], None] | None = None,
        resent: Callable[[], None] | None = None,
        discretion: Discretion | None = None,
    ) -> None:
        self.address = address.rstrip("/")
        self._transport, self._limits, self._heard, self._resent = transport, limits, heard, resent
        self._discretion = discretion or Discretion()
        self._exchange = self.reach(self.address)
        self._session = sign_in(self.reach)

    async def send(self, call: Call, seconds: float | None = None) -> Reply:
        """The reply, whatever its status, within `seconds` (by default the time that a call has in all).

        A 401 is answered with fresh credentials once, where there are any. No call outlives its operation: where that
        has less time left, DEADLINE_EXCEEDED.
        """
        most = limit = self._limits.total if seconds is None else seconds
        try:
            limit = timeout_within_deadline(most)
            async with asyncio.timeout(limit):
                reply = await self._authorized(call)
        except TimeoutError:
            raise _late(limit, most) from None
        if self._heard is not None:
            self._heard(reply.headers)
        return reply

    def reach(self, address: str) -> Send:
        """The way to an address without credentials. Its calls have the time of the one they are made for."""
        return _way(address.rstrip("/"), self._transport, self._limits, self._discretion).exchange

    async def _authorized(self, call: Call) -> Reply:
        session = self._session
        signed = session.signed(call) or await session.fetched(call)
        reply = await self._exchange(signed)
        if reply.status == 401 and (again := await session.renewed(call, signed)) is not None:
            if self._resent is not None:
                self._resent()
            signed, reply = again, await self._exchange(again)
        secrets = session.secrets(signed)
        if "cookie" in call.headers or "authorization" in call.headers:  # the caller's, handed on by the adapter
            secrets += forms_of_caller({name: value for name, value in call.headers.items() if name in _OF_CALLER})
        return blotted(reply, secrets) if secrets else reply


def _late(limit: float, most: float) -> GraphError:
    """Whose fault it is: where an operation had less time left than a call may take, its own."""
    if limit < most:
        return deadline_exceeded(f"{limit:.3f} s were left for a call")
    return BackendTimeout("The backend did not answer in time.", internal=f"over {limit:.3g} s in total")


def _way(
    address: str, transport: httpx.AsyncBaseTransport, limits: CallLimits, discretion: Discretion
) -> Channel | Bridge:
    """Short where the network is ours; through httpx where somebody has put a transport of their own in its place."""
    if isinstance(transport, Network):
        return transport.channel(address, limits)
    return Bridge(address, transport, limits, discretion)
