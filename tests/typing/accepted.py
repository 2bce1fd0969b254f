"""Correct use of the authoring API: `assert_type` states the types that checkers infer. Never imported."""

from typing import Annotated, Any, assert_type

import strawberry

from graphfold import (
    CountedConnection,
    Keys,
    Node,
    OnDemand,
    Page,
    RestAdapter,
    Row,
    SoapAdapter,
    Wire,
    batch,
    by,
    each,
    finds,
    group,
    read,
    resolves,
    write,
)
from graphfold.errors import BackendError


@strawberry.type
class Customer(Node, key="number"):
    number: str
    name: str


@strawberry.type
class Order:
    number: str


@strawberry.type
class Query:
    pass


OrderConnection = CountedConnection[Order]


class CustomerRow(Row[Customer], key="number"):
    number: Annotated[str, Wire("custNo")]
    name: Annotated[str, OnDemand("profile.name")] = ""


class OrderRow(Row[Order]):
    number: str
    customer: str


class ListedRow(CustomerRow):
    position: str


class Crm(RestAdapter):
    @batch(ttl=60)
    async def customers(self, numbers: Keys[str]) -> dict[str, CustomerRow]:
        rows = await self.get("/customers", list[CustomerRow], ids=",".join(numbers), fields=numbers.wire(CustomerRow))
        assert_type(rows, list[CustomerRow])
        return by(rows, lambda row: row.number)

    @batch()
    async def careful(self, numbers: Keys[str]) -> dict[str, CustomerRow | BackendError]:
        return await each(numbers, lambda number: self.get("/customers/{number}", CustomerRow, number=number))

    @batch()
    async def orders_of(self, numbers: Keys[str], *, limit: int = 10) -> dict[str, list[OrderRow]]:
        return group(await self.get("/orders", list[OrderRow], limit=limit), lambda row: row.customer)

    @batch()
    async def pages_of(self, numbers: Keys[str], *, limit: int, offset: int) -> dict[str, Page[OrderRow]]:
        return {}

    @batch()
    async def careful_pages(self, numbers: Keys[str]) -> dict[str, Page[OrderRow] | BackendError]:
        return {}

    @batch()
    async def prices(self, keys: Keys[tuple[str, int]]) -> dict[tuple[str, int], int]:
        return dict.fromkeys(keys, 1)

    @read(primes=customers)
    async def listing(self, limit: int, after: str | None = None) -> Page[ListedRow]:
        rows = await self.get("/customers", list[ListedRow], limit=limit, after=after)
        for row in rows:
            self.customers.prime(row.number, row)
        return Page(rows)

    @read()
    async def best(self) -> CustomerRow | None:
        return None

    @read()
    async def all_orders(self) -> list[OrderRow]:
        return []

    @read()
    async def count(self) -> int:
        return 1

    @write(idempotent=True)
    async def change(self, number: str, name: str) -> CustomerRow:
        self.customers.forget(number)
        self.listing.forget()
        return await self.request("PATCH", "/customers/{number}", CustomerRow, number=number, json={"name": name})

    @write()
    async def merge(self, numbers: list[str]) -> list[CustomerRow]:
        return []

    @write()
    async def drop(self, number: str) -> None:
        status = await self.exchange("DELETE", "/customers/{number}", lambda reply: reply.status, number=number)
        assert_type(status, int)


class Ledger(SoapAdapter):
    @batch()
    async def customers(self, numbers: Keys[str]) -> dict[str, CustomerRow]:
        rows = await self.invoke("GetCustomers", list[CustomerRow], Number=numbers)
        assert_type(rows, list[CustomerRow])
        return by(rows, lambda row: row.number)


@resolves(Query)
async def everything(number: str, crm: Crm) -> Customer | None:
    assert_type(await crm.customers.load(number), Customer)
    assert_type(await crm.customers.find(number), Customer | None)
    assert_type(await crm.customers.ref(number), Customer)
    assert_type(await crm.customers.whole.load(number), Customer)
    assert_type(await crm.customers.load_many([number]), list[Customer])
    assert_type(await crm.careful.load(number), Customer)
    assert_type(await crm.orders_of.load(number), list[Order])
    assert_type(await crm.orders_of.load(number, limit=2), list[Order])
    assert_type(await crm.pages_of.load(number, limit=2, offset=0), Page[Order])
    assert_type(await crm.careful_pages.load(number), Page[Order])
    assert_type(await crm.prices.load((number, 1)), int)
    assert_type(await crm.listing(2), Page[Customer])
    assert_type(await crm.listing(2, after="x"), Page[Customer])
    assert_type(await crm.best(), Customer | None)
    assert_type(await crm.all_orders(), list[Order])
    assert_type(await crm.count(), int)
    assert_type(await crm.change(number, name="x"), Customer)
    assert_type(await crm.merge([number]), list[Customer])
    await crm.drop(number)
    return await crm.customers.find(number)


@resolves(Customer)
async def orders(self: Customer, crm: Crm, first: int = 20, after: str | None = None) -> OrderConnection | None:
    async def fetch(limit: int, offset: int) -> Page[Order]:
        return await crm.pages_of.load(self.number, limit=limit, offset=offset)

    of = ("Customer.orders", self.number)
    return await OrderConnection.over_offsets(fetch, first, after, of=of, key=lambda order: order.number)


@resolves(Customer)
def label(self: Customer) -> str:
    return f"{self.name} ({self.number})"


@finds(Customer)
async def customer_by_number(number: str, crm: Crm) -> Customer | None:
    return await crm.customers.find(number)


async def a_test_calls_a_resolver(crm: Crm) -> None:
    assert_type(await everything("1", crm), Customer | None)
    assert_type(label(Customer(number="1", name="Ann")), str)


row: CustomerRow = CustomerRow(number="1")
anything: Any = row.domain()
assert_type(row.domain(), Customer)
