"""The six backends: one httpx client each, opened once, with zeep on top where it is SOAP."""

import asyncio
import os
import time
from typing import Any

import httpx
import orjson
import zeep
from zeep.transports import AsyncTransport
from zeep.wsse.username import UsernameToken

Json = dict[str, Any]

AT_ONCE = 8
"""Most calls to the billing at a time: it takes one customer a call."""


def setting(name: str) -> str:
    return os.environ[f"GRAPHFOLD_{name}"]


def http(backend: str, **headers: str) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=100)
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.AsyncClient(base_url=setting(f"{backend}_URL"), headers=headers, limits=limits, timeout=30)


def soap(backend: str, client: httpx.AsyncClient, wsse: Any = None) -> Any:
    """Return zeep's service proxy; the WSDL is fetched over HTTP now."""
    asynchronous: Any = zeep.AsyncClient  # zeep has no types
    transport: Any = AsyncTransport
    wsdl = f"{setting(f'{backend}_URL')}?wsdl"
    with httpx.Client() as wsdl_client:
        return asynchronous(wsdl, transport=transport(client=client, wsdl_client=wsdl_client), wsse=wsse).service


def read(response: httpx.Response) -> Json:
    response.raise_for_status()
    answer: Json = orjson.loads(response.content)
    return answer


class Crm:
    """REST behind OAuth2; the token is fetched when the last one is about to end."""

    def __init__(self) -> None:
        self.http, self._expires, self._lock = http("CRM"), 0.0, asyncio.Lock()

    async def customers(self, **params: Any) -> Json:
        if time.monotonic() > self._expires:
            await self._sign_in()
        present = {name: value for name, value in params.items() if value is not None}
        return read(await self.http.get("/v2/customers", params=present))

    async def _sign_in(self) -> None:
        async with self._lock:
            if time.monotonic() <= self._expires:
                return
            client = (setting("CRM_CLIENT_ID"), setting("CRM_CLIENT_SECRET"))
            token = read(await self.http.post("/oauth/token", auth=client, data={"grant_type": "client_credentials"}))
            self.http.headers["Authorization"] = f"Bearer {token['access_token']}"
            self._expires = time.monotonic() + token["expires_in"] - 10


class Catalog:
    """GraphQL behind a bearer token."""

    def __init__(self) -> None:
        self.http = http("CATALOG", Authorization=f"Bearer {setting('CATALOG_TOKEN')}")
        self._url = setting("CATALOG_URL")

    async def ask(self, query: str, **variables: Any) -> Json:
        answer = read(await self.http.post(self._url, json={"query": query, "variables": variables}))
        if answer.get("errors"):
            raise RuntimeError(answer["errors"][0]["message"])
        data: Json = answer["data"]
        return data


class Backends:
    def __init__(self) -> None:
        self.crm, self.catalog = Crm(), Catalog()
        self.shop = http("SHOP", X_Shop_Key=setting("SHOP_TOKEN"))
        self.marketing = http("MARKETING", X_Api_Key=setting("MARKETING_TOKEN"))
        token: Any = UsernameToken
        depot = token(setting("INVENTORY_USERNAME"), setting("INVENTORY_PASSWORD"), use_digest=True)
        self._inventory, self._billing = http("INVENTORY"), http("BILLING")
        self._billing.auth = (setting("BILLING_USERNAME"), setting("BILLING_PASSWORD"))
        self.inventory = soap("INVENTORY", self._inventory, depot)
        self.billing = soap("BILLING", self._billing)
        self.billing_slots = asyncio.Semaphore(AT_ONCE)

    async def close(self) -> None:
        clients = (self.crm.http, self.catalog.http, self.shop, self.marketing, self._inventory, self._billing)
        await asyncio.gather(*(client.aclose() for client in clients))
