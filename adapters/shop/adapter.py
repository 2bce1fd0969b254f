"""Orders from the shop: by number, of each customer, and all; placed and cancelled."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from graphfold import Keys, Page, Reply, RestAdapter, Row, Wire, batch, by, read, write
from graphfold.conversions import codes, minor_units
from graphfold.credentials import ApiKey
from graphfold.errors import BackendRejected, GraphError
from graphfold.manifest import Manifest
from graphfold.scalars import Currency
from schema.money import Money
from schema.orders import Order, OrderLine, OrderStatus

NUMBER = r"[0-9A-Za-z-]{1,40}"
"""The form of an order or customer number. It excludes commas, which join the numbers of a request."""

STATES = {
    "NEW": OrderStatus.NEW,
    "PACKED": OrderStatus.PACKED,
    "SENT": OrderStatus.SENT,
    "DONE": OrderStatus.DELIVERED,
    "CANC": OrderStatus.CANCELLED,
}


class CentsRow(Row[Money]):
    amount: Annotated[Decimal, Wire("cents", minor_units())]
    currency: Annotated[Currency, Wire("cur")]


class LineRow(Row[OrderLine]):
    sku: str
    quantity: Annotated[int, Wire("qty")]
    unit_price: Annotated[CentsRow, Wire("unit")]


class OrderRow(Row[Order], key="number"):
    number: Annotated[str, Wire("orderNo")]
    customer_number: Annotated[str, Wire("cust")]
    placed_at: Annotated[datetime, Wire("placed")]
    status: Annotated[OrderStatus, Wire("state", codes(STATES))]
    total: Annotated[CentsRow, Wire("sum")]
    invoice_number: Annotated[str | None, Wire("invoiceNo")]
    lines: Annotated[list[LineRow], Wire("items")]


class CustomerOrdersRow(Row[Any]):
    customer: str
    total: int
    orders: list[OrderRow]


class AllOrdersRow(Row[Any]):
    total: int
    orders: list[OrderRow]


class RefusalRow(Row[Any]):
    code: str
    message: str = ""
    sku: str | None = None
    item: int | None = None
    available: int | None = None


class OrderRefused(BackendRejected):
    """Raised when the shop refuses a request: `reason` is its code, the other attributes say what it is about."""

    def __init__(self, refusal: RefusalRow) -> None:
        super().__init__("The shop does not do this.", internal=f"{refusal.code}: {refusal.message}")
        self.reason, self.sku = refusal.code, refusal.sku
        self.item, self.available = refusal.item, refusal.available


class Shop(RestAdapter):
    manifest = Manifest(
        owner="shop-team",
        contact="shop-team@company.example",
        version="v1",
        runbook="https://runbooks.company.example/shop",
        level="gold",
    )
    identity = "service"
    credential = ApiKey("X-Shop-Key")
    probe_path = "/orders?limit=0"

    @batch(ttl=10, share="public", key_pattern=NUMBER)
    async def orders(self, numbers: Keys[str]) -> dict[str, OrderRow]:
        """Orders by number."""
        rows = await self.get("/orders", list[OrderRow], at="orders", numbers=",".join(numbers))
        return by(rows, lambda row: row.number)

    @batch(ttl=10, share="public", key_pattern=NUMBER)
    async def orders_of(
        self, customers: Keys[str], *, limit: int, offset: int, status: OrderStatus | None
    ) -> dict[str, Page[OrderRow]]:
        """Each customer's orders, newest first."""
        rows = await self.get(
            "/orders",
            list[CustomerOrdersRow],
            at="results",
            customers=",".join(customers),
            limit=limit,
            offset=offset,
            state=_code(status),
        )
        return by(rows, lambda row: row.customer, lambda row: Page(row.orders, total=row.total))

    @read(ttl=10, share="public", primes=orders)
    async def all_orders(self, limit: int, offset: int, status: OrderStatus | None) -> Page[OrderRow]:
        """All orders, newest first."""
        row = await self.get("/orders", AllOrdersRow, limit=limit, offset=offset, state=_code(status))
        return Page(row.orders, total=row.total)

    @write(idempotent=True)
    async def place(self, customer: str, items: list[tuple[str, int]], idempotency_key: str) -> OrderRow:
        """Order `items` (SKU and pieces). The same key and items again give the same order."""
        body = {"customer": customer, "items": [{"sku": sku, "qty": pieces} for sku, pieces in items]}
        headers = {"idempotency-key": idempotency_key}
        row = await self.request("POST", "/orders", OrderRow, json=body, headers=headers)
        self._changed(row)
        return row

    @write(idempotent=True)
    async def cancel(self, number: str) -> OrderRow:
        """Cancel an order. Doing it again changes nothing."""
        headers = {"idempotency-key": f"cancel-{number}"}
        row = await self.request("POST", "/orders/{number}/cancel", OrderRow, number=number, headers=headers)
        self._changed(row)
        return row

    def _changed(self, row: OrderRow) -> None:
        self.orders.forget(row.number)
        self.orders_of.forget(row.customer_number)
        self.all_orders.forget()

    def problem(self, reply: Reply) -> GraphError:
        if reply.status in (404, 409, 422):
            return OrderRefused(self.read(reply, RefusalRow, at="error"))
        return super().problem(reply)


def _code(status: OrderStatus | None) -> str | None:
    return next((code for code, each in STATES.items() if each is status), None)
