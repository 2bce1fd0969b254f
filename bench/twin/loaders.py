"""One DataLoader for each relation, created per request."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from aiodataloader import DataLoader
from zeep.exceptions import Fault

from bench.twin.backends import Backends, read
from bench.twin.catalog import PRODUCT, REVIEW, product_from, reviews_from, stock_from
from bench.twin.customers import customer_from, engagement_from
from bench.twin.lists import offset_behind, window
from bench.twin.sales import balance_from, invoice_from, order_from

PRODUCTS = f"query ($skus: [String!]!) {{ productsBySku(skus: $skus) {{ {PRODUCT} }} }}"
REVIEWS = (
    "query ($skus: [String!]!, $limit: Int, $after: String) { productsBySku(skus: $skus) {"
    f" skuCode reviews(limit: $limit, after: $after) {{ total hasMore items {{ {REVIEW} cursor }} }} }} }}"
)

T = TypeVar("T")
Key = tuple[str, int, str | None]
"""A relation with arguments: the parent's key, `first`, `after`."""


class Loaders:
    def __init__(self, backends: Backends) -> None:
        self._backends = backends
        self.customers = DataLoader(self._customers, max_batch_size=200)
        self.orders = DataLoader(self._orders, max_batch_size=200)
        self.products = DataLoader(self._products, max_batch_size=1000)
        self.stock = DataLoader(self._stock, max_batch_size=1000)
        self.reviews = DataLoader(self._reviews, max_batch_size=1000)
        self.invoices = DataLoader(self._invoices)
        self.balances = DataLoader(self._balances)
        self.engagement = DataLoader(self._engagement, max_batch_size=200)

    async def _customers(self, numbers: list[str]) -> list[Any]:
        found = await self._backends.crm.customers(ids=",".join(numbers))
        known = {record["custNo"]: customer_from(record) for record in found["records"]}
        return [known.get(number) for number in numbers]

    async def _orders(self, keys: list[Key]) -> list[Any]:
        return await by_arguments(keys, self._orders_of)

    async def _orders_of(self, customers: list[str], first: int, after: str | None) -> dict[str, Any]:
        offset = offset_behind(after)
        params: dict[str, str | int] = {"customers": ",".join(customers), "limit": max(first, 1), "offset": offset}
        found = read(await self._backends.shop.get("/orders", params=params))
        return {
            result["customer"]: window([order_from(row) for row in result["orders"][:first]], result["total"], offset)
            for result in found["results"]
        }

    async def _products(self, skus: list[str]) -> list[Any]:
        found = await self._backends.catalog.ask(PRODUCTS, skus=skus)
        known = {row["skuCode"]: product_from(row) for row in found["productsBySku"]}
        return [known.get(sku) for sku in skus]

    async def _stock(self, skus: list[str]) -> list[Any]:
        levels = await self._backends.inventory.GetStock(Sku=skus)
        known = {level.Sku: stock_from(level) for level in levels or ()}
        return [known.get(sku) for sku in skus]

    async def _reviews(self, keys: list[Key]) -> list[Any]:
        return await by_arguments(keys, self._reviews_of)

    async def _reviews_of(self, skus: list[str], first: int, after: str | None) -> dict[str, Any]:
        found = await self._backends.catalog.ask(REVIEWS, skus=skus, limit=first, after=after)
        return {row["skuCode"]: reviews_from(row["reviews"], after) for row in found["productsBySku"]}

    async def _invoices(self, keys: list[Key]) -> list[Any]:
        return await asyncio.gather(*(self._billed(self._invoices_of, *key) for key in keys))

    async def _invoices_of(self, customer: str, first: int, after: str | None) -> Any:
        offset = offset_behind(after)
        page = await self._backends.billing.ListInvoices(CustomerNo=customer, From=offset, Count=max(first, 1))
        return window([invoice_from(invoice) for invoice in page.Invoice[:first]], page.total, offset)

    async def _balances(self, customers: list[str]) -> list[Any]:
        return await asyncio.gather(*(self._billed(self._balance_of, customer) for customer in customers))

    async def _balance_of(self, customer: str) -> Any:
        return balance_from(await self._backends.billing.GetBalance(CustomerNo=customer))

    async def _billed(self, ask: Callable[..., Awaitable[Any]], *key: Any) -> Any:
        """Call billing once per customer, with bounded concurrency; each call fails on its own."""
        async with self._backends.billing_slots:
            try:
                return await ask(*key)
            except Fault as fault:
                return fault

    async def _engagement(self, customers: list[str]) -> list[Any]:
        found = read(await self._backends.marketing.get("/engagement", params={"customerIds": ",".join(customers)}))
        known = {entry["customerId"]: entry for entry in found["entries"]}
        return [_engagement(known.get(customer)) for customer in customers]


def _engagement(entry: dict[str, Any] | None) -> Any:
    if entry is None:
        return None
    return RuntimeError(entry["error"]["code"]) if "error" in entry else engagement_from(entry)


async def by_arguments(
    keys: list[Key], fetch: Callable[[list[str], int, str | None], Awaitable[dict[str, T]]]
) -> list[T | None]:
    """Make one call for each distinct set of arguments."""
    groups: dict[tuple[int, str | None], list[str]] = defaultdict(list)
    for parent, first, after in keys:
        groups[first, after].append(parent)
    found = await asyncio.gather(*(fetch(parents, *arguments) for arguments, parents in groups.items()))
    known = dict(zip(groups, found, strict=True))
    return [known[first, after].get(parent) for parent, first, after in keys]
