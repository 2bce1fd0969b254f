"""Sends calls to one backend: credentials, limits on time, size and parallelism, and typed errors for the rest.

httpx is the interface to the wire (tests replace its transport); the layers httpx puts on top (cookies, redirects,
environment proxies) are left out: they are not wanted here and cost time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from graphfold.errors import BackendTimeout, BackendUnavailable
from graphfold.transport.body import read_body
from graphfold.transport.call import Call, Reply
from graphfold.transport.session import Send, Session

__all__ = ["CallLimits", "Client"]


@dataclass(frozen=True, slots=True)
class CallLimits:
    """Seconds and bytes for one call. `total` covers everything from connecting to the last byte of the body."""

    total: float = 5.0
    connect: float = 1.0
    reply: int = 10_000_000
    parallel: int = 32


class Client:
    """All traffic to one backend. `address` is its base URL; a redirect is never followed."""

    def __init__(
        self, address: str, transport: httpx.AsyncBaseTransport, limits: CallLimits, sign_in: Callable[[Send], Session]
    ) -> None:
        self.address = address.rstrip("/")
        self._transport, self._limits, self._session = transport, limits, sign_in(self._bare)
        self._places = asyncio.Semaphore(limits.parallel)
        seconds = limits.total
        self._timeouts = {"connect": limits.connect, "read": seconds, "write": seconds, "pool": seconds}

    async def send(self, call: Call) -> Reply:
        """The reply, whatever its status. A 401 is answered with fresh credentials once, where there are any."""
        async with self._places, self._in_time():
            credentials = await self._session.headers()
            reply = await self._exchange(call, credentials)
            if reply.status == 401 and await self._session.renew(credentials):
                reply = await self._exchange(call, await self._session.headers())
            return reply

    def secure(self, envelope: object) -> None:
        """Puts credentials into a SOAP envelope, where the backend wants them there."""
        self._session.secure(envelope)

    async def _bare(self, call: Call) -> Reply:
        return await self._exchange(call, {})

    @asynccontextmanager
    async def _in_time(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._limits.total):
                yield
        except TimeoutError:
            raise BackendTimeout(
                "The backend did not answer in time.", internal=f"over {self._limits.total} s in total"
            ) from None

    async def _exchange(self, call: Call, credentials: Mapping[str, str]) -> Reply:
        request = self._request(call, credentials)
        try:
            response = await self._transport.handle_async_request(request)
            try:
                return await self._whole(response)
            finally:
                await response.aclose()
        except httpx.TimeoutException as error:
            raise BackendTimeout("The backend did not answer in time.", internal=type(error).__name__) from error
        except (httpx.TransportError, OSError) as error:
            text = f"{type(error).__name__}: {error}"
            raise BackendUnavailable("The backend cannot be reached.", internal=text) from error

    def _request(self, call: Call, credentials: Mapping[str, str]) -> httpx.Request:
        url = f"{self.address}{call.path}{'?' + call.query if call.query else ''}"
        headers = {"accept-encoding": "gzip", "user-agent": "graphfold", **call.headers, **credentials}
        extensions = {"timeout": self._timeouts}
        return httpx.Request(call.method, url, headers=headers, content=call.body or None, extensions=extensions)

    async def _whole(self, response: httpx.Response) -> Reply:
        headers = {name.lower(): value for name, value in response.headers.items()}
        assert isinstance(response.stream, httpx.AsyncByteStream)  # an async transport gives an async body
        encoding = headers.get("content-encoding", "").strip().lower()
        body = await read_body(aiter(response.stream), encoding, self._limits.reply)
        return Reply(response.status_code, headers, body)
