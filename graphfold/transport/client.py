"""Sends calls to one backend: credentials, limits on time, size and parallelism, and typed errors for the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import httpx

from graphfold.deadline import exceeded, within
from graphfold.errors import BackendBusy, BackendTimeout, GraphError
from graphfold.transport.bridge import Bridge
from graphfold.transport.call import Call, Reply
from graphfold.transport.limits import CallLimits
from graphfold.transport.network import Channel, Network
from graphfold.transport.session import Send, Session

__all__ = ["CallLimits", "Client"]


class Client:
    """All traffic to one backend. `address` is its base URL; a redirect is never followed."""

    def __init__(
        self, address: str, transport: httpx.AsyncBaseTransport, limits: CallLimits, sign_in: Callable[[Send], Session]
    ) -> None:
        self.address = address.rstrip("/")
        self._limits, self._session = limits, sign_in(self._bare)
        self._places = asyncio.Semaphore(limits.parallel)
        self._exchange = _way(self.address, transport, limits).exchange

    async def send(self, call: Call) -> Reply:
        """The reply, whatever its status. A 401 is answered with fresh credentials once, where there are any.

        No call outlives its operation: where that has less time left than a call may take, DEADLINE_EXCEEDED.
        """
        await self._place()
        seconds = self._limits.total
        try:
            seconds = within(seconds)
            async with asyncio.timeout(seconds):
                return await self._authorized(call)
        except TimeoutError:
            raise self._late(seconds) from None
        finally:
            self._places.release()

    def _late(self, seconds: float) -> GraphError:
        if seconds < self._limits.total:
            return exceeded(f"{seconds:.3f} s were left for a call")
        return BackendTimeout("The backend did not answer in time.", internal=f"over {seconds} s in total")

    def security(self, body: str) -> str:
        """The header block of a SOAP message with this body, where the backend wants credentials there."""
        return self._session.security(body)

    async def _place(self) -> None:
        """Wait for one of the backend's places, but no longer than a call itself may take."""
        seconds = within(self._limits.total) if self._places.locked() else None
        try:
            async with asyncio.timeout(seconds):
                await self._places.acquire()
        except TimeoutError:
            if seconds != self._limits.total:
                raise exceeded("while the call waited for its turn") from None
            text = f"{self._limits.parallel} calls at once, none of which ended in {self._limits.total} s"
            raise BackendBusy("Too many calls to the backend are waiting.", internal=text) from None

    async def _authorized(self, call: Call) -> Reply:
        credentials = await self._session.headers()
        reply = await self._exchange(call, credentials)
        if reply.status == 401 and await self._session.renew(credentials):
            reply = await self._exchange(call, await self._session.headers())
        return reply

    async def _bare(self, call: Call) -> Reply:
        return await self._exchange(call, {})


def _way(address: str, transport: httpx.AsyncBaseTransport, limits: CallLimits) -> Channel | Bridge:
    """Short where the network is ours; through httpx where somebody has put a transport of their own in its place."""
    if isinstance(transport, Network):
        return transport.channel(address, limits)
    return Bridge(address, transport, limits)
