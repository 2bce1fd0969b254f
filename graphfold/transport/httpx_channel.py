"""Send calls through any httpx transport: what tests use in place of the network, and what records or watches it."""

from __future__ import annotations

import httpx

from graphfold.errors import BackendTimeout, BackendUnavailable
from graphfold.transport.address import STANDARD_HEADERS, checked_method, checked_target
from graphfold.transport.body import body_decoder
from graphfold.transport.call import Call, CallLimits, Reply
from graphfold.transport.headers import folded, header_lines
from graphfold.transport.redaction import SENSITIVE_EXTENSION, SensitiveParts

__all__ = ["HttpxChannel"]


class HttpxChannel:
    """Sends calls to one address through a transport of httpx.

    It talks to the transport directly. `httpx.AsyncClient` would add cookies, redirects and proxies from the
    environment, none of which a backend call may have.
    """

    def __init__(
        self, address: str, transport: httpx.AsyncBaseTransport, limits: CallLimits, sensitive: SensitiveParts
    ) -> None:
        self._address, self._transport, self._limit = address, transport, limits.reply
        seconds = limits.total
        timeouts = {"connect": limits.connect, "read": seconds, "write": seconds, "pool": seconds}
        self._extensions = {"timeout": timeouts, SENSITIVE_EXTENSION: sensitive}

    async def exchange(self, call: Call) -> Reply:
        """Return the reply, whatever its status. Raise a typed backend error, or BAD_INPUT if it cannot be sent."""
        headers = {**STANDARD_HEADERS, **call.headers}
        header_lines(headers)  # only for its checks: httpx does not validate what it sends
        method, url = checked_method(call.method), self._address + checked_target(call.path, call.query)
        content, extensions = call.body or None, dict(self._extensions)
        request = httpx.Request(method, url, headers=headers, content=content, extensions=extensions)
        try:
            response = await self._transport.handle_async_request(request)
            try:
                return await self._read_reply(response)
            finally:
                await response.aclose()
        except httpx.TimeoutException as error:
            raise BackendTimeout("The backend did not answer in time.", internal=type(error).__name__) from error
        except (httpx.TransportError, OSError) as error:
            raise BackendUnavailable("The backend cannot be reached.", internal=type(error).__name__) from error

    async def _read_reply(self, response: httpx.Response) -> Reply:
        headers = folded(response.headers.raw)
        assert isinstance(response.stream, httpx.AsyncByteStream)  # an async transport returns an async body
        body = body_decoder(headers.get("content-encoding", ""), self._limit)
        async for chunk in response.stream:
            body.feed(chunk)
        return Reply(response.status_code, headers, body.whole())
