"""`python -m bench.ceiling`: the least work that answers the five loads, a lower bound of their cost.

A bare asyncio program: it knows the loads by name, makes the fewest calls, concurrent where possible, and writes the
answer with orjson. No GraphQL, no credentials, no error handling except for broken connections.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable, Coroutine, Iterable
from datetime import UTC, datetime
from typing import Any

import orjson
import uvloop
from lxml import etree

from bench.wire import Address, Pool, Served, serve

Json = dict[str, Any]

OPERATION = re.compile(r"query (\w+)")
SEGMENTS = {"RETAIL": "RETAIL", "BUSINESS": "BUSINESS", "KEY": "KEY_ACCOUNT"}
GET_STOCK = (
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
    '<GetStock xmlns="http://depot.example/inventory/2">%s</GetStock></soap:Body></soap:Envelope>'
)
PRODUCTS = "query ($skus: [String!]!) { productsBySku(skus: $skus) { skuCode title } }"


class Calls:
    """The calls to the four backends."""

    def __init__(self) -> None:
        self._crm, self._shop, self._catalog, self._inventory = (
            Address(os.environ[f"GRAPHFOLD_{name}_URL"]) for name in ("CRM", "SHOP", "CATALOG", "INVENTORY")
        )
        self._pool = Pool(self._crm)

    async def customers(self, asked: str, fields: str) -> list[Json]:
        reply = await self._pool.send(self._crm.get(f"/v2/customers?{asked}&fields={fields}"))
        records: list[Json] = orjson.loads(reply)["records"]
        return records

    async def orders(self, customers: list[Json]) -> dict[str, list[Json]]:
        numbers = ",".join([customer["custNo"] for customer in customers])
        reply = await self._pool.send(self._shop.get(f"/orders?customers={numbers}&limit=3&offset=0"))
        return {result["customer"]: result["orders"] for result in orjson.loads(reply)["results"]}

    async def names(self, skus: Iterable[str]) -> dict[str, str]:
        body = orjson.dumps({"query": PRODUCTS, "variables": {"skus": list(skus)}})
        found = orjson.loads(await self._pool.send(self._catalog.post(body)))["data"]["productsBySku"]
        return {product["skuCode"]: product["title"] for product in found}

    async def stock(self, skus: Iterable[str], read: Callable[[Any], Json]) -> dict[str, Json]:
        body = GET_STOCK % "".join([f"<Sku>{sku}</Sku>" for sku in skus])
        reply = await self._pool.send(self._inventory.post(body.encode(), "text/xml"))
        levels: Any = etree.fromstring(reply)[0][0]
        return {level[0].text: read(level) for level in levels}


def on_hand(level: Any) -> Json:
    return {"onHand": int(level[1].text)}


def on_hand_and_where(level: Any) -> Json:
    shelves = [{"code": shelf[0].text, "quantity": int(shelf[1].text)} for shelf in level[3:]]
    return {"onHand": int(level[1].text), "warehouses": shelves}


async def tiny(calls: Calls, about: str) -> Json:
    (found,) = await calls.customers(f"ids={about}", "profile.displayName,contact.mail")
    customer = {"number": found["custNo"], "name": found["profile"]["displayName"], "email": found["contact"]["mail"]}
    return {"customer": customer}


async def page(calls: Calls, about: str) -> Json:
    customers, orders = await sold(calls, f"limit=20&search={about}", "profile.displayName,contact.mail")
    skus = bought(orders)
    names, stock = await asyncio.gather(calls.names(skus), calls.stock(skus, on_hand_and_where))
    products = {sku: {"sku": sku, "name": names[sku], "stock": stock[sku]} for sku in skus}
    return listed([buyer(customer, orders[customer["custNo"]], products) for customer in customers])


async def rest_page(calls: Calls, about: str) -> Json:
    customers, orders = await sold(calls, f"limit=20&search={about}", "profile.displayName,contact.mail")
    names = await calls.names(bought(orders))
    products = {sku: {"sku": sku, "name": name} for sku, name in names.items()}
    return listed([buyer(customer, orders[customer["custNo"]], products) for customer in customers])


async def thousand(calls: Calls, about: str) -> Json:
    fields = "profile.displayName,profile.segment,contact.mail,contact.phone,registeredAt,vip"
    return listed([described(row) for row in await calls.customers(f"limit=1000&search={about}", fields)])


async def deep(calls: Calls, about: str) -> Json:
    customers, orders = await sold(calls, f"limit=100&search={about}", "profile.displayName")
    skus = bought(orders)
    names, stock = await asyncio.gather(calls.names(skus), calls.stock(skus, on_hand))
    products = {sku: {"name": names[sku], "stock": stock[sku]} for sku in skus}
    return listed(
        [
            {"name": customer["profile"]["displayName"], "orders": shipped(orders[customer["custNo"]], products)}
            for customer in customers
        ]
    )


async def sold(calls: Calls, asked: str, fields: str) -> tuple[list[Json], dict[str, list[Json]]]:
    customers = await calls.customers(asked, fields)
    return customers, await calls.orders(customers)


def bought(orders: dict[str, list[Json]]) -> dict[str, None]:
    """Return every SKU once."""
    return {item["sku"]: None for placed in orders.values() for order in placed for item in order["items"]}


def listed(nodes: list[Json]) -> Json:
    return {"customers": {"nodes": nodes}}


def buyer(customer: Json, orders: list[Json], products: dict[str, Json]) -> Json:
    return {
        "id": global_id(customer["custNo"]),
        "name": customer["profile"]["displayName"],
        "email": customer["contact"]["mail"],
        "orders": {"nodes": [priced(order, products) for order in orders]},
    }


def priced(order: Json, products: dict[str, Json]) -> Json:
    return {
        "number": order["orderNo"],
        "placedAt": datetime.fromisoformat(order["placed"]).astimezone(UTC),
        "total": {"amount": money(order["sum"]["cents"]), "currency": order["sum"]["cur"]},
        "lines": [
            {
                "quantity": item["qty"],
                "unitPrice": {"amount": money(item["unit"]["cents"])},
                "product": products[item["sku"]],
            }
            for item in order["items"]
        ],
    }


def shipped(orders: list[Json], products: dict[str, Json]) -> Json:
    nodes = [
        {
            "number": order["orderNo"],
            "lines": [{"quantity": item["qty"], "product": products[item["sku"]]} for item in order["items"]],
        }
        for order in orders
    ]
    return {"nodes": nodes}


def described(row: Json) -> Json:
    profile, contact = row["profile"], row["contact"]
    return {
        "id": global_id(row["custNo"]),
        "number": row["custNo"],
        "name": profile["displayName"],
        "email": contact["mail"],
        "phone": contact["phone"],
        "segment": SEGMENTS[profile["segment"]],
        "since": datetime.fromtimestamp(row["registeredAt"] / 1000, UTC),
        "vip": row["vip"] == "Y",
    }


def global_id(number: str) -> str:
    return urlsafe_b64encode(f"Customer:{number}".encode()).decode().rstrip("=")


def money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


LOADS: dict[str, Callable[[Calls, str], Coroutine[Any, Any, Json]]] = {
    "Tiny": tiny,
    "Page": page,
    "RestPage": rest_page,
    "List": thousand,
    "Deep": deep,
}


class Ceiling(Served):
    """One client's connection to the program."""

    def __init__(self, calls: Calls, tasks: set[asyncio.Task[None]]) -> None:
        super().__init__()
        self._calls, self._tasks = calls, tasks

    def requested(self, method: bytes, target: bytes, body: bytes) -> None:
        task = asyncio.get_running_loop().create_task(self._answer(body))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, body: bytes) -> None:
        asked = orjson.loads(body)
        named = OPERATION.match(asked["query"])
        (about,) = asked["variables"].values()
        load = LOADS[named[1] if named else ""]
        self.reply(orjson.dumps({"data": await load(self._calls, about)}, option=orjson.OPT_UTC_Z))


def main() -> None:
    parser = argparse.ArgumentParser("python -m bench.ceiling", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    options = parser.parse_args()
    calls, tasks = Calls(), set[asyncio.Task[None]]()
    uvloop.run(serve(lambda: Ceiling(calls, tasks), options.port))


if __name__ == "__main__":
    main()
