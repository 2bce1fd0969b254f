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
    """The fault has ended the connection."""


class ProxiedConnection(Protocol):
    """One connection through the proxy. `reply_bytes` counts the bytes of the reply to the last request so far."""

    reply_bytes: int
    answered: bool

    async def send_request(self, piece: bytes) -> None:
        """Hand it to the backend."""

    async def send_reply(self, piece: bytes) -> None:
        """Hand it to the client."""

    async def switched(self) -> None:
        """Wait until the proxy has another fault."""

    def close(self) -> None: ...
    def reset(self) -> None: ...
    def half_close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Fault:
    """The base class is "no fault". Both methods give back the rest that is still to be dealt with."""

    async def request(self, connection: ProxiedConnection, piece: bytes) -> bytes:
        await connection.send_request(piece)
        return b""

    async def reply(self, connection: ProxiedConnection, piece: bytes) -> bytes:
        await connection.send_reply(piece)
        return b""


@dataclass(frozen=True, slots=True)
class Delay(Fault):
    """Each piece of a reply comes that much later."""

    seconds: float

    async def reply(self, connection: ProxiedConnection, piece: bytes) -> bytes:
        await asyncio.sleep(self.seconds)
        await connection.send_reply(piece)
        return b""


@dataclass(frozen=True, slots=True)
class Drip(Fault):
    """A reply comes `size` bytes at a time, with `seconds` in between."""

    seconds: float = 0.01
    size: int = 1

    async def reply(self, connection: ProxiedConnection, piece: bytes) -> bytes:
        await connection.send_reply(piece[: self.size])
        await asyncio.sleep(self.seconds)
        return piece[self.size :]


@dataclass(frozen=True, slots=True)
class Blackhole(Fault):
    """Nothing passes, in either direction, and nobody says so. What was under way goes on when it is over."""

    async def request(self, connection: ProxiedConnection, piece: bytes) -> bytes:
        await connection.switched()
        return piece

    async def reply(self, connection: ProxiedConnection, piece: bytes) -> bytes:
        await connection.switched()
        return piece


@dataclass(frozen=True, slots=True)
class Refuse(Fault):
    """Nobody listens any more; connections that were open are reset."""


@dataclass(frozen=True, slots=True)
class _Ends(Fault):
    """Only `after` bytes of each reply come; the backend has had the request all the same."""

    after: int = 0

    async def reply(self, connection: ProxiedConnection, piece: bytes) -> bytes:
        left = max(self.after - connection.reply_bytes, 0)
        await connection.send_reply(piece[:left])
        if len(piece) < left:
            return b""
        await self.end(connection)
        return b""

    async def end(self, connection: ProxiedConnection) -> None:
        raise NotImplementedError


class Cut(_Ends):
    """After `after` bytes of a reply the connection ends as if all was said (FIN)."""

    async def end(self, connection: ProxiedConnection) -> None:
        connection.close()
        raise ConnectionEnded


class Reset(_Ends):
    """After `after` bytes of a reply the connection is reset (RST)."""

    async def end(self, connection: ProxiedConnection) -> None:
        connection.reset()
        raise ConnectionEnded


class HalfClose(_Ends):
    """After `after` bytes of a reply its direction ends; requests are still taken, and never answered."""

    async def end(self, connection: ProxiedConnection) -> None:
        connection.half_close()
        await connection.switched()
        raise ConnectionEnded


@dataclass(frozen=True, slots=True)
class Stale(Fault):
    """A connection that was used and kept ends when it is used again: the backend has just given it up."""

    async def request(self, connection: ProxiedConnection, piece: bytes) -> bytes:
        if connection.answered:
            connection.close()
            raise ConnectionEnded
        await connection.send_request(piece)
        return b""
