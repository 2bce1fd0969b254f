"""Resolve host names in threads that belong to no pool.

`getaddrinfo` blocks, cannot be cancelled, and may hang for minutes. In the event loop's default executor a few hanging
lookups would occupy all threads, and no other backend could be resolved. So each lookup has a daemon thread of its
own, and callers with equal names share one lookup:

    caller 1 --.
    caller 2 ---+-- asyncio.wait([lookup.result]) --- thread: getaddrinfo
    caller 3 --'    (a cancelled caller leaves the lookup to the others)
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable
from concurrent.futures import Future
from ipaddress import ip_address
from itertools import zip_longest
from threading import Thread

__all__ = ["HostResolver"]

_TTL = 5.0
"""Seconds for which a result is used again. A failure is not cached."""


class HostResolver:
    """Resolves the host of one origin. Concurrent callers of one event loop share a lookup."""

    def __init__(self, host: str) -> None:
        self._host, self._literal = host, _literal_addresses(host)
        self._lookups: dict[asyncio.AbstractEventLoop, _Lookup] = {}

    async def addresses(self) -> list[str]:
        """Return the addresses in the order in which to try them.

        Raise OSError, or UnicodeError for a name that DNS cannot carry.
        """
        if self._literal:
            return self._literal
        result = self._current_lookup().result
        # `wait` instead of `await result`: a cancelled caller must not cancel the lookup for the others, and `wait`
        # also removes its callback from the future, where `shield` would leave one behind for each cancelled caller.
        await asyncio.wait([result])
        return result.result()

    def _current_lookup(self) -> _Lookup:
        """Return the lookup that is in flight or still fresh, or start one."""
        loop = asyncio.get_running_loop()
        lookup = self._lookups.get(loop)
        if lookup is None or lookup.is_expired:
            other_loops = {other: lookup for other, lookup in self._lookups.items() if not other.is_closed()}
            lookup = _Lookup(self._host, loop)
            self._lookups = {**other_loops, loop: lookup}
        return lookup


class _Lookup:
    """One lookup of one host for one event loop; all callers wait for `result`."""

    def __init__(self, host: str, loop: asyncio.AbstractEventLoop) -> None:
        future = Future[list[str]]()
        self.result = asyncio.wrap_future(future, loop=loop)
        # Retrieves the exception, so that asyncio does not log it as unhandled when all callers were cancelled.
        self.result.add_done_callback(asyncio.Future.exception)
        self._clock, self._fresh_until = loop.time, 0.0
        Thread(target=self._resolve, args=(host, future), name=host, daemon=True).start()

    @property
    def is_expired(self) -> bool:
        return self.result.done() and self._clock() >= self._fresh_until

    def _resolve(self, host: str, future: Future[list[str]]) -> None:
        """Run in the thread of this lookup."""
        try:
            entries = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            addresses = _interleaved((family, str(address[0])) for family, _, _, _, address in entries)
        except Exception as error:
            future.set_exception(error)
        else:
            self._fresh_until = self._clock() + _TTL
            future.set_result(addresses)


def _literal_addresses(host: str) -> list[str]:
    """Return the addresses of a host that needs no lookup, or an empty list."""
    if host == "localhost":
        return ["127.0.0.1", "::1"]
    try:
        ip_address(host)
    except ValueError:
        return []
    return [host]


def _interleaved(entries: Iterable[tuple[socket.AddressFamily, str]]) -> list[str]:
    """Order addresses so that the families alternate (RFC 8305, section 4).

    On a network that carries only one family, the second address tried is then one that works.
    """
    families: dict[socket.AddressFamily, list[str]] = {}
    for family, address in entries:
        families.setdefault(family, []).append(address)
    return [address for turn in zip_longest(*families.values()) for address in turn if address is not None]
