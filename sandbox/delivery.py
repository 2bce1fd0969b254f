"""Write a response to the connection: whole, reset, truncated or byte by byte."""

from __future__ import annotations

import asyncio
import socket
import struct

from sandbox.messages import Delivery, Response, phrase

WITHOUT_BODY = {204, 304}


def head(response: Response, keep_alive: bool) -> bytes:
    lines = [f"HTTP/1.1 {response.status} {phrase(response.status)}"]
    lines += [f"{name}: {value}" for name, value in response.headers.items()]
    if response.status not in WITHOUT_BODY:
        lines.append(f"Content-Length: {len(response.body)}")
    if not keep_alive:
        lines.append("Connection: close")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def whole(response: Response, keep_alive: bool) -> bytes:
    body = b"" if response.status in WITHOUT_BODY else response.body
    return head(response, keep_alive) + body


async def deliver(response: Response, transport: asyncio.Transport, keep_alive: bool) -> None:
    """Send `response`. Keep the connection open only after a whole response, and only if both sides want it."""
    match response.delivery:
        case Delivery.WHOLE:
            transport.write(whole(response, keep_alive))
        case Delivery.RESET:
            reset(transport)
        case Delivery.HALF:
            transport.write(head(response, keep_alive) + response.body[: len(response.body) // 2])
        case Delivery.DRIP:
            transport.write(head(response, keep_alive))
            await drip(response.body, transport)
    if not keep_alive or response.delivery is not Delivery.WHOLE:
        transport.close()


def reset(transport: asyncio.Transport) -> None:
    """Close with a TCP RST, as when a server process dies."""
    connection: socket.socket = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


async def drip(body: bytes, transport: asyncio.Transport) -> None:
    for byte in body:
        transport.write(bytes([byte]))
        await asyncio.sleep(1)
