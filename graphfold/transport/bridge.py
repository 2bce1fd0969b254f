"""Calls through any transport of httpx: what tests put in place of the network, and what records or watches it."""

from __future__ import annotations

import httpx

from graphfold.errors import BackendTimeout, BackendUnavailable
from graphfold.transport.address import STANDARD_HEADERS
from graphfold.transport.body import collector
from graphfold.transport.call import Call, Reply
from graphfold.transport.discretion import DISCRETION, Discretion
from graphfold.transport.headers import folded, header_lines
from graphfold.transport.limits import CallLimits
from graphfold.transport.target import checked_method, checked_target

__all__ = ["Bridge"]


class Bridge:
    """The layers httpx puts above a transport (cookies, redirects, environment proxies) are left out: not wanted."""

    def __init__(
        self, address: str, transport: httpx.AsyncBaseTransport, limits: CallLimits, discretion: Discretion
    ) -> None:
        self._address, self._transport, self._limit = address, transport, limits.reply
        seconds = limits.total
        timeouts = {"connect": limits.connect, "read": seconds, "write": seconds, "pool": seconds}
        self._extensions = {"timeout": timeouts, DISCRETION: discretion}

    async def exchange(self, call: Call) -> Reply:
        """The reply, whatever its status. Raises the typed error of a backend, BAD_INPUT for what cannot be sent."""
        request = self._request(call)
        try:
            response = await self._transport.handle_async_request(request)
            try:
                return await self._whole(response)
            finally:
                await response.aclose()
        except httpx.TimeoutException as error:
            raise BackendTimeout("The backend did not answer in time.", internal=type(error).__name__) from error
        except (httpx.TransportError, OSError) as error:
            raise BackendUnavailable("The backend cannot be reached.", internal=type(error).__name__) from error

    def _request(self, call: Call) -> httpx.Request:
        headers = {**STANDARD_HEADERS, **call.headers}
        header_lines(headers)  # they go out as a mapping, but httpx sends what it is given
        method, url = checked_method(call.method), self._address + checked_target(call.path, call.query)
        content, extensions = call.body or None, dict(self._extensions)
        return httpx.Request(method, url, headers=headers, content=content, extensions=extensions)

    async def _whole(self, response: httpx.Response) -> Reply:
        headers = folded(response.headers.raw)
        assert isinstance(response.stream, httpx.AsyncByteStream)  # an async transport gives an async body
        body = collector(headers.get("content-encoding", ""), self._limit)
        async for chunk in response.stream:
            body.feed(chunk)
        return Reply(response.status_code, headers, body.whole())
