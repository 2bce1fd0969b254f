"""How a program under measurement says that it answers: one line of JSON with its address, as the sandbox does."""

import json
import socket

import uvicorn


def announce(url: str) -> None:
    print(json.dumps({"ready": True, "url": url}), flush=True)  # noqa: T201  # whoever started us reads it


class Server(uvicorn.Server):
    """uvicorn that announces where it listens."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        announce(f"http://{host}:{port}")
