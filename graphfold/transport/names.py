"""Names become addresses in threads of their own: a lookup cannot be given up, and one that hangs keeps its thread.

In the threads that a loop has for everybody, a score of those would keep all other backends from being found.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from ipaddress import ip_address
from itertools import zip_longest
from threading import Thread

__all__ = ["Name"]

_KEPT = 5.0
"""Seconds for which an answer is good, from when it came. A failure is not kept."""

_LOOPBACK = ["127.0.0.1", "::1"]


class Name:
    """The host of one origin. However many ask for its addresses, a loop looks it up once at a time."""

    def __init__(self, host: str) -> None:
        self._host, self._known = host, _without_asking(host)
        self._lookup: asyncio.Future[list[str]] | None = None
        self._good_until = 0.0

    async def addresses(self) -> list[str]:
        """In the order in which to try them. Raises OSError, and UnicodeError for what DNS cannot carry."""
        if self._known:
            return self._known
        lookup = self._current()
        await asyncio.wait([lookup])  # who gives up neither cancels it for the others nor leaves anything behind on it
        return lookup.result()

    def _current(self) -> asyncio.Future[list[str]]:
        """The lookup that is under way, or is still good, or else a new one."""
        loop, lookup = asyncio.get_running_loop(), self._lookup
        if lookup is None or lookup.get_loop() is not loop or (lookup.done() and loop.time() >= self._good_until):
            lookup = self._lookup = self._begun(loop)
        return lookup

    def _begun(self, loop: asyncio.AbstractEventLoop) -> asyncio.Future[list[str]]:
        answer = Future[list[str]]()
        lookup = asyncio.wrap_future(answer, loop=loop)
        lookup.add_done_callback(asyncio.Future.exception)  # a failure that nobody waits for any more is not reported
        Thread(target=self._look_up, args=(answer, loop.time), name=self._host, daemon=True).start()
        return lookup

    def _look_up(self, lookup: Future[list[str]], clock: Callable[[], float]) -> None:
        """In its thread, which nobody waits for at the end."""
        try:
            answers = socket.getaddrinfo(self._host, None, type=socket.SOCK_STREAM)
            found = _in_turn((family, str(address[0])) for family, _, _, _, address in answers)
        except Exception as error:
            lookup.set_exception(error)
        else:
            self._good_until = clock() + _KEPT
            lookup.set_result(found)


def _without_asking(host: str) -> list[str]:
    if host == "localhost":
        return _LOOPBACK
    try:
        ip_address(host)
    except ValueError:
        return []
    return [host]


def _in_turn(found: Iterable[tuple[socket.AddressFamily, str]]) -> list[str]:
    """Families take turns (RFC 8305, section 4): where the network carries but one, the second address is of that."""
    families: dict[socket.AddressFamily, list[str]] = {}
    for family, address in found:
        families.setdefault(family, []).append(address)
    return [address for turn in zip_longest(*families.values()) for address in turn if address is not None]
