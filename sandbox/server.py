"""Run the sandbox as a server: seed it, listen, and release everything at the end of a block."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass

from sandbox.company import Company, Settings
from sandbox.connection import Connection
from sandbox.seeding import filled

USUAL = Settings()
QUEUE = 1024
"""How many clients may knock at the same moment without one waiting a second for its next try."""


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox; each backend is at `{url}/<name>`."""

    url: str
    company: Company


@asynccontextmanager
async def running(settings: Settings = USUAL, *, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Sandbox]:
    """Serve all six backends in the current loop until the block ends; port 0 takes a free one.

    Raises OSError if the address is not available.
    """
    with closing(filled(settings.customers)) as database:
        company, peers = Company(database, settings), set[Connection]()
        server = await asyncio.get_running_loop().create_server(
            lambda: Connection(company.answer, peers), host, port, backlog=QUEUE
        )
        try:
            taken = server.sockets[0].getsockname()[1]
            yield Sandbox(f"http://{f'[{host}]' if ':' in host else host}:{taken}", company)
        finally:
            server.close()
            await _end(peers)


async def _end(peers: set[Connection]) -> None:
    tasks = [task for peer in list(peers) for task in peer.end()]
    await asyncio.gather(*tasks, return_exceptions=True)
    while peers:  # each leaves the set in its own connection_lost, one turn of the loop later
        await asyncio.sleep(0)
