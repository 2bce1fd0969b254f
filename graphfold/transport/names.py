"""Names become addresses in threads of their own: a lookup cannot be given up, and one that hangs keeps its thread.

In the threads that a loop has for everybody, a score of those would keep all other backends from being found.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable
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
        self._lookups: dict[asyncio.AbstractEventLoop, _Lookup] = {}

    async def addresses(self) -> list[str]:
        """In the order in which to try them. Raises OSError, and UnicodeError for what DNS cannot carry."""
        if self._known:
            return self._known
        answer = self._current().answer
        await asyncio.wait([answer])  # who gives up neither cancels it for the others nor leaves anything behind on it
        return answer.result()

    def _current(self) -> _Lookup:
        """The lookup that is under way, or is still good, or else a new one."""
        loop = asyncio.get_running_loop()
        lookup = self._lookups.get(loop)
        if lookup is None or lookup.is_over:
            others = {other: lookup for other, lookup in self._lookups.items() if not other.is_closed()}
            lookup = _Lookup(self._host, loop)
            self._lookups = {**others, loop: lookup}
        return lookup


class _Lookup:
    """Of one host, for all who wait on one loop; `answer` is theirs."""

    def __init__(self, host: str, loop: asyncio.AbstractEventLoop) -> None:
        found = Future[list[str]]()
        self.answer = asyncio.wrap_future(found, loop=loop)
        self.answer.add_done_callback(asyncio.Future.exception)  # what nobody waits for any more is not reported
        self._clock, self._good_until = loop.time, 0.0
        Thread(target=self._look_up, args=(host, found), name=host, daemon=True).start()

    @property
    def is_over(self) -> bool:
        return self.answer.done() and self._clock() >= self._good_until

    def _look_up(self, host: str, found: Future[list[str]]) -> None:
        """In its thread, which nobody waits for at the end."""
        try:
            answers = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            addresses = _in_turn((family, str(address[0])) for family, _, _, _, address in answers)
        except Exception as error:
            found.set_exception(error)
        else:
            self._good_until = self._clock() + _KEPT
            found.set_result(addresses)


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
