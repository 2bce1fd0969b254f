"""A graph of parts in a depot, with every kind of resolver that makes a call for each item."""

import asyncio
from typing import Annotated

import strawberry

from graphfold import Keys, Node, OnDemand, RestAdapter, Row, batch, by, each, finds, read, resolves, write
from graphfold.credentials import ClientCredentials
from graphfold.errors import BackendError
from graphfold.graph.graph import Graph
from graphfold.testing import graph_of


def parts() -> Graph:  # noqa: C901  # a graph: many functions of a line
    """Declare the graph."""

    @strawberry.type(description="A part.")
    class Part(Node, key="number"):
        number: str = strawberry.field(description="The number.")
        size: int = strawberry.field(description="The size.")

    @strawberry.type
    class Query:
        pass

    class PartRow(Row[Part], key="number"):
        number: str
        size: Annotated[int, OnDemand("size")] = 0

    class Depot(RestAdapter):
        identity = "service"
        credential = ClientCredentials("/token")

        @read()
        async def listing(self) -> list[PartRow]:
            return await self.get("/parts", list[PartRow])

        @batch()
        async def parts(self, numbers: Keys[str]) -> dict[str, PartRow]:
            return by(await self.get("/parts", list[PartRow], ids=",".join(numbers)), lambda row: row.number)

        @batch()
        async def each_one(self, numbers: Keys[str]) -> dict[str, PartRow | BackendError]:
            return await each(numbers, lambda number: self.get("/part", PartRow, id=number))

        @batch()
        async def looped(self, numbers: Keys[str]) -> dict[str, PartRow]:
            found = await asyncio.gather(*(self.get("/part", PartRow, id=number) for number in numbers))
            return by([row for row in found if row.size], lambda row: row.number)

        @batch()
        async def labelled(self, numbers: Keys[str], *, prefix: str) -> dict[str, PartRow]:
            return by(await self.get("/parts", list[PartRow], prefix=prefix), lambda row: row.number)

        @read()
        async def single(self, number: str) -> PartRow | None:
            return await self.get("/part", PartRow, id=number)

        @read()
        async def fixed(self, kind: str) -> PartRow | None:
            return await self.get("/part", PartRow, kind=kind)

        @write()
        async def touch(self, number: str) -> PartRow:
            return await self.get("/part", PartRow, id=number)

    async def elsewhere(depot: Depot, number: str) -> Part:
        return await depot.parts.load(number)

    @finds(Part)
    async def part_by_number(number: str, depot: Depot) -> Part:
        return await depot.parts.load(number)

    @resolves(Query)
    async def parts(depot: Depot) -> list[Part]:
        return await depot.listing()

    @resolves(Part)
    async def one(self: Part, depot: Depot) -> Part:
        return await depot.each_one.load(self.number)

    @resolves(Part)
    async def other(self: Part, depot: Depot) -> Part:
        return await depot.looped.load(self.number)

    @resolves(Part)
    async def named(self: Part, depot: Depot) -> Part:
        prefix = self.number[:2]
        return await depot.labelled.load(self.number, prefix=prefix)

    @resolves(Part)
    async def alone(self: Part, depot: Depot) -> Part | None:
        return await depot.single(self.number)

    @resolves(Part)
    async def same(self: Part, depot: Depot, kind: str = "small") -> Part | None:
        return await depot.fixed(kind)

    @resolves(Part)
    async def handed(self: Part, depot: Depot) -> Part:
        return await elsewhere(depot, self.number)

    @resolves(Part)
    async def twice(self: Part, depot: Depot) -> Part:
        first = await depot.parts.find(self.number)
        if first is not None:
            return first
        return await depot.each_one.load(self.number)

    @resolves(Part)
    async def forgetful(self: Part, depot: Depot) -> int:
        depot.parts.forget(self.number)
        return sum([(await depot.parts.load(number)).size for number in self.number])

    @resolves(Part)
    async def safe(self: Part, depot: Depot) -> Part:
        try:
            return await depot.parts.load(self.number)
        except ValueError:
            return (await depot.parts.whole.load_many([self.number]))[0]

    return graph_of()
