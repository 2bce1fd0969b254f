"""A backend that answers each caller with its own name, added to the reference graph: it shows mixed-up viewers."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import strawberry

from graphfold import RestAdapter, read, resolves
from graphfold.credentials import PassThrough
from graphfold.graph.graph import Graph
from graphfold.testing import declaring, graph_of
from schema.roots import Query

__all__ = ["accounts", "with_accounts"]

_CALLER = re.compile(rb"\r\nauthorization: Bearer ([^\r]*)", re.IGNORECASE)


@asynccontextmanager
async def accounts() -> AsyncIterator[str]:
    """Serve a backend that answers every request with the caller's bearer token; yield its URL."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                caller = _CALLER.search(head)
                body = b'"%b"' % (caller[1] if caller else b"")
                response = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
                writer.write(response % (len(body), body))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1") as server:
        host, port = server.sockets[0].getsockname()
        yield f"http://{host}:{port}"


def with_accounts(reference: Graph, environment: Mapping[str, str]) -> Graph:
    """Return the reference graph with a field `owner`: the caller's name, cached for each viewer."""
    with declaring() as declared:
        existing = reference.declarations
        declared.rows += existing.rows
        declared.adapters += existing.adapters
        declared.owners |= existing.owners
        declared.finders |= existing.finders

        @strawberry.type(name="Query", description="Everything that can be asked.")
        class Extended(Query):
            pass

        class Accounts(RestAdapter):
            credential = PassThrough()

            @read(ttl=2, stale=2, stale_if_error=20)
            async def owner(self) -> str:
                """The owner of the caller's account."""
                return await self.get("/owner", str)

        @resolves(Extended)
        async def owner(accounts: Accounts) -> str | None:
            """The owner of the caller's account."""
            return await accounts.owner()

        return graph_of(environment, root=reference.project.root)
