"""Network faults below HTTP, each a way to treat the bytes of one connection between the gateway and a backend.

A fault gets a connection's bytes in pieces, and returns the part of a piece that it has not handled yet. The proxy
hands that part to the fault that is set by then, so a fault can be switched in the middle of a reply.
To add one: a class here that overrides `request` or `reply`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol

__all__ = [
    "Blackhole",
    "ConnectionEnded",
    "Cut",
    "Delay",
    "Drip",
    "Fault",
    "HalfClose",
    "ProxiedConnection",
    "Refuse",
    "Reset",
    "Stale",
]


class ConnectionEnded(Exception):
    """Raised by a fault that has ended the connection."""


class ProxiedConnection(Protocol):
    """A connection through the proxy, as a fault sees it.

    `reply_bytes` counts what has been sent of the current reply, `answered` says whether any reply has begun.
    """

    reply_bytes: int
    answered: bool

    async def send_request(self, piece: bytes) -> None:
        """Send to the backend."""

    async def send_reply(self, piece: bytes) -> None:
        """Send to the client."""

    async def switched(self) -> None:
        """Wait until the proxy is set to another fault."""

    def close(self) -> None: ...
    def reset(self) -> None: ...
    def half_close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Fault:
    """No fault, and the base class of all others. Both methods return the bytes that they have not handled yet."""

    async def request(self, connection: ProxiedConnection, piece: bytes) -> bytes:
        await connection.send_request(piece)
        return b""

    async def reply(self, connection: ProxiedConnection, piece: bytes) -> bytes:
        await connection.send_reply(piece)
        return b""


@dataclass(frozen=True, slots=True)
class Delay(Fault):
    """Each piece of a reply arrives `seconds` late."""

    seconds: float

    async def reply(self, connection: ProxiedConnection, piece: bytes) -> bytes:
        await asyncio.sleep(self.seconds)
        await connection.send_reply(piece)
        return b""


@dataclass(frozen=True, slots=True)
class Drip(Fault):
    """A reply arrives `size` bytes at a time, with `seconds` in between."""

    seconds: float = 0.01
    size: int = 1

    async def reply(self, connection: ProxiedConnection, piece: bytes) -> bytes:
        await connection.send_reply(piece[: self.size])
        await asyncio.sleep(self.seconds)
        return piece[self.size :]


@dataclass(frozen=True, slots=True)
class Blackhole(Fault):
    """Nothing passes in either direction, and the connection stays open. Held bytes pass once the fault is over."""

    async def request(self, connection: ProxiedConnection, piece: bytes) -> bytes:
        await connection.switched()
        return piece

    async def reply(self, connection: ProxiedConnection, piece: bytes) -> bytes:
        await connection.switched()
        return piece


@dataclass(frozen=True, slots=True)
class Refuse(Fault):
    """New connections are refused, and open ones are reset."""


@dataclass(frozen=True, slots=True)
class Cut(Fault):
    """After `after` bytes of a reply the connection is closed (FIN), as if the reply were complete."""

    after: int = 0

    async def reply(self, connection: ProxiedConnection, piece: bytes) -> bytes:
        if await _sent_up_to(self.after, connection, piece):
            connection.close()
            raise ConnectionEnded
        return b""


@dataclass(frozen=True, slots=True)
class Reset(Fault):
    """After `after` bytes of a reply the connection is reset (RST)."""

    after: int = 0

    async def reply(self, connection: ProxiedConnection, piece: bytes) -> bytes:
        if await _sent_up_to(self.after, connection, piece):
            connection.reset()
            raise ConnectionEnded
        return b""


@dataclass(frozen=True, slots=True)
class HalfClose(Fault):
    """After `after` bytes of a reply its direction is closed; requests are still taken, and never answered."""

    after: int = 0

    async def reply(self, connection: ProxiedConnection, piece: bytes) -> bytes:
        if await _sent_up_to(self.after, connection, piece):
            connection.half_close()
            await connection.switched()
            raise ConnectionEnded
        return b""


async def _sent_up_to(limit: int, connection: ProxiedConnection, piece: bytes) -> bool:
    """Send the part of a piece within the first `limit` bytes of a reply; return whether the limit is reached."""
    due = max(limit - connection.reply_bytes, 0)
    await connection.send_reply(piece[:due])
    return len(piece) >= due


@dataclass(frozen=True, slots=True)
class Stale(Fault):
    """A kept-alive connection is closed when it is used again, as by a backend that has just let it time out."""

    async def request(self, connection: ProxiedConnection, piece: bytes) -> bytes:
        if connection.answered:
            connection.close()
            raise ConnectionEnded
        await connection.send_request(piece)
        return b""
