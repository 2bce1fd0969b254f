"""The declared safety of an operation reaches the wire: reads are resent, writes only if declared safe."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from adapters import inventory
from graphfold import GraphQLAdapter, Keys, RestAdapter, SoapAdapter, batch, read, write
from graphfold.errors import BackendBadReply, BackendUnavailable
from graphfold.graph.runtime import Runtime
from graphfold.loading.scope import OperationScope
from graphfold.settings import BackendSettings, Settings
from graphfold.transport.call import Call
from graphfold.viewer import Viewer
from tests.graphfold.transport.peer import Backend, Peer, Serve

pytestmark = pytest.mark.anyio

DATA = b'{"data": {"it": {"1": 1}}}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(DATA) + DATA


class Echo(GraphQLAdapter):
    @batch()
    async def things(self, keys: Keys[str]) -> dict[str, int]:
        return await self.query("query", dict[str, int], at="it")

    @read()
    async def search(self) -> dict[str, int]:
        return await self.query("query", dict[str, int], at="it")

    @write(idempotent=True)
    async def put(self) -> dict[str, int]:
        return await self.query("mutation", dict[str, int], at="it")

    @write()
    async def add(self) -> dict[str, int]:
        return await self.query("mutation", dict[str, int], at="it")


class Shelf(RestAdapter):
    @read()
    async def search(self) -> dict[str, int]:
        return await self.request("POST", "/search", dict[str, int], at="data.it", json={})

    @write(idempotent=True)
    async def put(self) -> dict[str, int]:
        return await self.request("PUT", "/things/1", dict[str, int], at="data.it", json={})

    @write()
    async def add(self) -> dict[str, int]:
        return await self.request("POST", "/things", dict[str, int], at="data.it", json={})


class Depot(SoapAdapter):
    wsdl = Path(inventory.__file__).with_name("inventory.wsdl")

    @read()
    async def look(self) -> dict[str, int]:
        return await self.invoke("GetStock", dict[str, int], Sku=["1"])

    @write()
    async def take(self) -> dict[str, int]:
        return await self.invoke("GetStock", dict[str, int], Sku=["1"])


async def _dies_when_used_again(peer: Peer) -> None:
    await peer.request()
    await peer.send(ANSWER)
    await peer.request()


@pytest.fixture
async def dying(serve: Serve) -> Backend:
    return await serve(_dies_when_used_again)


@pytest.mark.parametrize(
    ("adapter", "operation", "arrivals"),
    [
        (Echo, lambda echo: echo.things.load("1"), 2),
        (Echo, lambda echo: echo.search(), 2),
        (Echo, lambda echo: echo.put(), 2),
        (Echo, lambda echo: echo.add(), 1),
        (Shelf, lambda shelf: shelf.search(), 2),
        (Shelf, lambda shelf: shelf.put(), 2),
        (Shelf, lambda shelf: shelf.add(), 1),
        (Depot, lambda depot: depot.look(), 2),
        (Depot, lambda depot: depot.take(), 1),
    ],
)
async def test_only_safe_operations_are_resent(
    dying: Backend, adapter: Any, operation: Callable[[Any], Awaitable[Any]], arrivals: int
) -> None:
    runtime = Runtime([adapter], Settings(), {adapter.name: BackendSettings(adapter.name, dying.url)})
    await runtime.backend(adapter).client.send(Call("GET", "/"))
    try:
        await operation(adapter(OperationScope(runtime, Viewer(), dict)))
    except BackendUnavailable:
        assert arrivals == 1
    except BackendBadReply:
        assert adapter is Depot  # the reply was JSON
    assert len(dying.requests) == 1 + arrivals
    await runtime.close()
