"""What can go wrong between us and a backend, below HTTP: each a way to treat the bytes of one connection.

A fault is asked piece by piece and gives back what it has not dealt with yet, so that it can be switched at any time.
To add one: a class here that overrides `request` or `reply`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol

__all__ = [
    "Blackhole",
    "Cut",
    "Delay",
    "Drip",
    "Ended",
    "Fault",
    "HalfClose",
    "Link",
    "Refuse",
    "Reset",
    "Stale",
]


class Ended(Exception):
    """The fault has ended the connection."""


class Link(Protocol):
    """One connection through the proxy. `told` counts the bytes of the reply so far, from the last request on."""

    told: int
    answered: bool

    async def ask(self, piece: bytes) -> None:
        """Hand it to the backend."""

    async def tell(self, piece: bytes) -> None:
        """Hand it to the client."""

    async def switched(self) -> None:
        """Wait until the proxy has another fault."""

    def close(self) -> None: ...
    def reset(self) -> None: ...
    def half_close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Fault:
    """The base class is "no fault". Both methods give back the rest that is still to be dealt with."""

    async def request(self, link: Link, piece: bytes) -> bytes:
        await link.ask(piece)
        return b""

    async def reply(self, link: Link, piece: bytes) -> bytes:
        await link.tell(piece)
        return b""


@dataclass(frozen=True, slots=True)
class Delay(Fault):
    """Each piece of a reply comes that much later."""

    seconds: float

    async def reply(self, link: Link, piece: bytes) -> bytes:
        await asyncio.sleep(self.seconds)
        await link.tell(piece)
        return b""


@dataclass(frozen=True, slots=True)
class Drip(Fault):
    """A reply comes `size` bytes at a time, with `seconds` in between."""

    seconds: float = 0.01
    size: int = 1

    async def reply(self, link: Link, piece: bytes) -> bytes:
        await link.tell(piece[: self.size])
        await asyncio.sleep(self.seconds)
        return piece[self.size :]


@dataclass(frozen=True, slots=True)
class Blackhole(Fault):
    """Nothing passes, in either direction, and nobody says so. What was under way goes on when it is over."""

    async def request(self, link: Link, piece: bytes) -> bytes:
        await link.switched()
        return piece

    async def reply(self, link: Link, piece: bytes) -> bytes:
        await link.switched()
        return piece


@dataclass(frozen=True, slots=True)
class Refuse(Fault):
    """Nobody listens any more; connections that were open are reset."""


@dataclass(frozen=True, slots=True)
class _Ends(Fault):
    """Only `after` bytes of each reply come; the backend has had the request all the same."""

    after: int = 0

    async def reply(self, link: Link, piece: bytes) -> bytes:
        left = max(self.after - link.told, 0)
        await link.tell(piece[:left])
        if len(piece) < left:
            return b""
        await self.end(link)
        return b""

    async def end(self, link: Link) -> None:
        raise NotImplementedError


class Cut(_Ends):
    """After `after` bytes of a reply the connection ends as if all was said (FIN)."""

    async def end(self, link: Link) -> None:
        link.close()
        raise Ended


class Reset(_Ends):
    """After `after` bytes of a reply the connection is reset (RST)."""

    async def end(self, link: Link) -> None:
        link.reset()
        raise Ended


class HalfClose(_Ends):
    """After `after` bytes of a reply its direction ends; requests are still taken, and never answered."""

    async def end(self, link: Link) -> None:
        link.half_close()
        await link.switched()
        raise Ended


@dataclass(frozen=True, slots=True)
class Stale(Fault):
    """A connection that was used and kept ends when it is used again: the backend has just given it up."""

    async def request(self, link: Link, piece: bytes) -> bytes:
        if link.answered:
            link.close()
            raise Ended
        await link.ask(piece)
        return b""
