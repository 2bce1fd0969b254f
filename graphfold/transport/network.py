"""Real connections over asyncio. To httpx it is a transport like any other; a `Client` takes the short way, `channel`.

httpx's own transport spends most of its time on what a gateway's calls never use (request and response objects, a pool
that looks through all its connections for each call), and the more calls are open the more it spends.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable

import httpx

from graphfold.errors import BackendTimeout, BackendUnavailable, InvalidInput
from graphfold.tls import default_context
from graphfold.transport.address import Address, Origin
from graphfold.transport.call import Call, Reply
from graphfold.transport.failures import Garbled, Malformed
from graphfold.transport.headers import header_lines
from graphfold.transport.limits import CallLimits
from graphfold.transport.pool import Pool
from graphfold.transport.receiver import Collected
from graphfold.transport.stream import Streamed, as_httpx
from graphfold.transport.target import checked_method, checked_target

__all__ = ["Channel", "Network"]

_SAFE = frozenset(("GET", "HEAD", "OPTIONS"))
_OURS = frozenset(("connection", "content-length", "host", "transfer-encoding"))  # written anew, for the whole body


class Network(httpx.AsyncBaseTransport):
    """Connections to any number of origins.

    `tls` gives the context of each new connection: whom to trust and how to sign in; without it, certificates are
    checked against the system's. `keep` is the time in seconds after which an idle connection is closed.
    """

    def __init__(self, *, tls: Callable[[], ssl.SSLContext] = default_context, keep: float = 30.0) -> None:
        self._tls, self._keep = tls, keep
        self._pools: dict[Origin, Pool] = {}

    def channel(self, address: str, limits: CallLimits) -> Channel:
        """The way to one backend."""
        base = Address(address)
        return Channel(base, self._pool(base.origin), limits)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        timeouts: dict[str, float | None] = request.extensions.get("timeout", {})
        body = await request.aread()
        receiver = Streamed(bodiless=request.method == "HEAD", patience=timeouts.get("read"))
        pool = self._pool(Origin.of(request.url))
        safe = request.method in _SAFE and not body
        try:
            status, raw = await pool.ask(_written(request, body), receiver, timeouts.get("connect"), safe=safe)
        except (OSError, Malformed) as error:
            raise as_httpx(error) from error
        return httpx.Response(status, headers=raw, stream=receiver, extensions={"http_version": b"HTTP/1.1"})

    async def aclose(self) -> None:
        for pool in self._pools.values():
            await pool.close()

    def _pool(self, origin: Origin) -> Pool:
        if origin not in self._pools:
            self._pools[origin] = Pool(origin, self._tls, self._keep)
        return self._pools[origin]


class Channel:
    """Calls to one backend, each a write and a read."""

    def __init__(self, address: Address, pool: Pool, limits: CallLimits) -> None:
        self._address, self._pool = address, pool
        self._connect, self._limit = limits.connect, limits.reply

    async def exchange(self, call: Call) -> Reply:
        """The reply, whatever its status. Raises the typed error of a backend, BAD_INPUT for what cannot be sent."""
        request = self._address.request(call)
        receiver = Collected(self._limit, bodiless=call.method == "HEAD")
        try:
            return await self._pool.ask(request, receiver, self._connect, safe=call.repeatable)
        except TimeoutError as error:
            raise BackendTimeout("The backend did not answer in time.", internal=str(error)) from error
        except OSError as error:
            text = f"{type(error).__name__}: {error}"
            raise BackendUnavailable("The backend cannot be reached.", internal=text) from error
        except Malformed as error:
            raise Garbled("The backend does not speak HTTP properly.", internal=str(error)) from error


def _written(request: httpx.Request, body: bytes) -> bytes:
    """The request of an httpx user as bytes."""
    try:
        headers = {name: value for name, value in request.headers.items() if name not in _OURS}
        method, target = checked_method(request.method), checked_target(request.url.raw_path.decode("ascii"), "")
        length = f"content-length: {len(body)}\r\n" if body or "content-length" in request.headers else ""
        host = request.url.netloc.decode("ascii")
        head = f"{method} {target} HTTP/1.1\r\nhost: {host}\r\n{header_lines(headers)}{length}\r\n"
    except InvalidInput as error:
        raise httpx.LocalProtocolError(error.message) from None
    return head.encode("ascii") + body
