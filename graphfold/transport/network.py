"""Open real connections over asyncio: an httpx transport, with a shorter way for our own calls.

    Client -----> Channel.exchange --------------.
                                                  +--> ConnectionPool --> BackendConnection
    httpx user -> Network.handle_async_request --'     (one per origin)

httpx's own transport spends most of its time on things that a gateway's calls never use (request and response objects,
a pool that scans all its connections for each call), and its cost per call grows with the number of open calls.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable

import httpx

from graphfold.errors import BackendTimeout, BackendUnavailable, InvalidInput
from graphfold.tls import default_context
from graphfold.transport.address import Address, Origin, checked_method, checked_target
from graphfold.transport.call import Call, CallLimits, Reply
from graphfold.transport.connection_errors import GarbledReply, MalformedReply
from graphfold.transport.headers import header_lines
from graphfold.transport.pool import ConnectionPool
from graphfold.transport.receiver import BufferedReply
from graphfold.transport.stream import StreamedReply, to_httpx_error

__all__ = ["Channel", "Network"]

_SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS"))
_REWRITTEN_HEADERS = frozenset(("connection", "content-length", "host", "transfer-encoding"))
"""Headers of an httpx request that are dropped, because the body is read first and sent as a whole."""


class Network(httpx.AsyncBaseTransport):
    """Connections to any number of origins.

    `tls` returns the TLS context for each new connection; by default certificates are verified against the system's
    authorities. An idle connection is closed after `keepalive_expiry` seconds.
    """

    def __init__(self, *, tls: Callable[[], ssl.SSLContext] = default_context, keepalive_expiry: float = 30.0) -> None:
        self._tls, self._keepalive_expiry = tls, keepalive_expiry
        self._pools: dict[Origin, ConnectionPool] = {}

    def channel(self, address: str, limits: CallLimits) -> Channel:
        """Return a channel to one base URL."""
        base = Address(address)
        return Channel(base, self._pool(base.origin), limits)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        timeouts: dict[str, float | None] = request.extensions.get("timeout", {})
        body = await request.aread()
        receiver = StreamedReply(bodiless=request.method == "HEAD", read_timeout=timeouts.get("read"))
        pool = self._pool(Origin.of(request.url))
        safe = request.method in _SAFE_METHODS and not body
        data = _request_bytes(request, body)
        try:
            status, raw_headers = await pool.exchange(data, receiver, timeouts.get("connect"), safe=safe)
        except (OSError, MalformedReply) as error:
            raise to_httpx_error(error) from error
        return httpx.Response(status, headers=raw_headers, stream=receiver, extensions={"http_version": b"HTTP/1.1"})

    async def aclose(self) -> None:
        for pool in self._pools.values():
            await pool.close()

    def _pool(self, origin: Origin) -> ConnectionPool:
        if origin not in self._pools:
            self._pools[origin] = ConnectionPool(origin, self._tls, self._keepalive_expiry)
        return self._pools[origin]


class Channel:
    """Sends calls to one base URL, each as one write and one read."""

    def __init__(self, address: Address, pool: ConnectionPool, limits: CallLimits) -> None:
        self._address, self._pool = address, pool
        self._connect_timeout, self._limit = limits.connect, limits.reply

    async def exchange(self, call: Call) -> Reply:
        """Return the reply, whatever its status. Raise a typed backend error, or BAD_INPUT if it cannot be sent."""
        request = self._address.request(call)
        receiver = BufferedReply(self._limit, bodiless=call.method == "HEAD")
        try:
            return await self._pool.exchange(request, receiver, self._connect_timeout, safe=call.repeatable)
        except TimeoutError as error:
            raise BackendTimeout("The backend did not answer in time.", internal=str(error)) from error
        except OSError as error:
            text = f"{type(error).__name__}: {error}"
            raise BackendUnavailable("The backend cannot be reached.", internal=text) from error
        except MalformedReply as error:
            raise GarbledReply("The backend does not speak HTTP properly.", internal=str(error)) from error


def _request_bytes(request: httpx.Request, body: bytes) -> bytes:
    """Return an httpx request as it is sent. Raise httpx.LocalProtocolError."""
    try:
        headers = {name: value for name, value in request.headers.items() if name not in _REWRITTEN_HEADERS}
        method, target = checked_method(request.method), checked_target(request.url.raw_path.decode("ascii"), "")
        length = f"content-length: {len(body)}\r\n" if body or "content-length" in request.headers else ""
        host = request.url.netloc.decode("ascii")
        head = f"{method} {target} HTTP/1.1\r\nhost: {host}\r\n{header_lines(headers)}{length}\r\n"
    except InvalidInput as error:
        raise httpx.LocalProtocolError(error.message) from None
    return head.encode("ascii") + body
