"""Announce that a measured program is ready: one line of JSON with its address, as the sandbox prints."""

import json
import socket

import uvicorn


def announce(url: str) -> None:
    print(json.dumps({"ready": True, "url": url}), flush=True)  # noqa: T201  # whoever started us reads it


class Server(uvicorn.Server):
    """A uvicorn server that prints the address it listens on."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        announce(f"http://{host}:{port}")
