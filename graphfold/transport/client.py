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
from graphfold.transport.session import Reach, Send, Session

__all__ = ["CallLimits", "Client"]


class Client:
    """All traffic to one backend. `address` is its base URL; a redirect is never followed."""

    def __init__(
        self, address: str, transport: httpx.AsyncBaseTransport, limits: CallLimits, sign_in: Callable[[Reach], Session]
    ) -> None:
        self.address = address.rstrip("/")
        self._transport, self._limits = transport, limits
        self._places = asyncio.Semaphore(limits.parallel)
        self._exchange = self.reach(self.address)
        self._session = sign_in(self.reach)

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

    def reach(self, address: str) -> Send:
        """The way to an address without credentials. Its calls have the time of the one they are made for."""
        return _way(address.rstrip("/"), self._transport, self._limits).exchange

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
        session = self._session
        signed = session.signed(call) or await session.fetched(call)
        reply = await self._exchange(signed)
        if reply.status == 401 and (again := await session.renewed(call, signed)) is not None:
            reply = await self._exchange(again)
        return reply


def _way(address: str, transport: httpx.AsyncBaseTransport, limits: CallLimits) -> Channel | Bridge:
    """Short where the network is ours; through httpx where somebody has put a transport of their own in its place."""
    if isinstance(transport, Network):
        return transport.channel(address, limits)
    return Bridge(address, transport, limits)
