"""The canned backends use the sandbox's formats."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from lxml import etree

from bench.backends import NAMES, Backends
from bench.canned import basket
from sandbox import credentials
from sandbox.company import Settings
from sandbox.server import running

pytestmark = pytest.mark.anyio

PRODUCTS = (
    "query ($skus: [String!]!) { productsBySku(skus: $skus) { skuCode title rating listPrice { value currency } } }"
)
GET_STOCK = """<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Header>
<s:Security xmlns:s="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"><s:UsernameToken>
<s:Username>{0}</s:Username><s:Password>{1}</s:Password></s:UsernameToken></s:Security></e:Header><e:Body>
<GetStock xmlns="http://depot.example/inventory/2"><Sku>{2}</Sku></GetStock></e:Body></e:Envelope>"""


@asynccontextmanager
async def canned(delay: float = 0) -> AsyncIterator[httpx.AsyncClient]:
    counts, loop = dict.fromkeys(NAMES, 0), asyncio.get_running_loop()
    server = await loop.create_server(lambda: Backends(counts, delay), "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with httpx.AsyncClient(base_url=url) as client:
            yield client
    await asyncio.sleep(0)


@asynccontextmanager
async def real() -> AsyncIterator[httpx.AsyncClient]:
    async with running(Settings(customers=10)) as sandbox, httpx.AsyncClient(base_url=sandbox.url) as client:
        yield client


async def replies(client: httpx.AsyncClient, customer: str, sku: str, search: str) -> dict[str, Any]:
    """Return what each backend replies, decoded."""
    form = {"grant_type": "client_credentials"}
    secrets = (credentials.CRM_CLIENT_ID, credentials.CRM_CLIENT_SECRET)
    token = (await client.post("/crm/oauth/token", data=form, auth=secrets)).json()
    known = {"Authorization": f"Bearer {token['access_token']}"}
    query = {"query": PRODUCTS, "variables": {"skus": [sku]}}
    bearer = {"Authorization": f"Bearer {credentials.CATALOG_TOKEN}"}
    page = {"limit": "3", "search": search, "fields": "profile.displayName,contact"}
    envelope = GET_STOCK.format(credentials.INVENTORY_USERNAME, credentials.INVENTORY_PASSWORD, sku)
    stock = await client.post("/inventory", content=envelope, headers={"Content-Type": "text/xml; charset=utf-8"})
    orders = {"customers": customer, "limit": "2", "offset": "0"}
    key = {"X-Shop-Key": credentials.SHOP_KEYS[0]}
    return {
        "token": token,
        "customers": (await client.get("/crm/v2/customers", params={"ids": customer}, headers=known)).json(),
        "listed": (await client.get("/crm/v2/customers", params=page, headers=known)).json(),
        "orders": (await client.get("/shop/orders", params=orders, headers=key)).json(),
        "products": (await client.post("/catalog/graphql", json=query, headers=bearer)).json(),
        "stock": elements(etree.fromstring(stock.content)),
        "media": [stock.headers["content-type"]],
    }


def elements(node: Any) -> dict[str, Any]:
    return {child.tag: elements(child) for child in node} if len(node) else {"text": node.text}


def shape(value: Any) -> Any:
    """Return names and types without the values; a list by its first item, nullable values as text."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items() if name not in ("phone", "invoiceNo")}
    return [shape(inner) for inner in value[:1]] if isinstance(value, list) else type(value).__name__


async def test_canned_replies_have_the_same_shape_as_the_sandbox() -> None:
    async with canned() as fake, real() as sandbox:
        numbers = "10000040", f"{basket(10_000_040):07d}3", "10000040"
        assert shape(await replies(fake, *numbers)) == shape(await replies(sandbox, "10001", "00012345", ""))


async def test_canned_backends_count_data_calls_but_not_token_requests() -> None:
    async with canned(delay=0.001) as fake:
        await replies(fake, "10000040", "50000203", "10000040")
        counted = (await fake.get("/_sandbox/requests")).json()
        assert counted == {"crm": 2, "shop": 1, "catalog": 1, "inventory": 1, "billing": 0, "marketing": 0}
        assert (await fake.delete("/_sandbox/requests")).status_code == 204
        assert sum((await fake.get("/_sandbox/requests")).json().values()) == 0


async def test_canned_backends_reject_unsupported_requests() -> None:
    async with canned() as fake:
        assert (await fake.get("/crm/v2/customers?limit=3")).status_code == 400
        assert (await fake.get("/nowhere")).status_code == 400
