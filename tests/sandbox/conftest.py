"""A small sandbox for every test, and an authenticated client for each backend."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx
import pytest
from anyio import to_thread
from zeep import AsyncClient
from zeep.transports import AsyncTransport

from sandbox import credentials
from sandbox.company import Settings
from sandbox.server import Sandbox, running

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Never used, and made once: loading the certificates for every client takes longer than most tests."""


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with running(Settings(customers=40, marketing_delay=0)) as started:
        yield started


@pytest.fixture
async def http(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    """A client without credentials."""
    async with _client(sandbox, "") as client:
        yield client


@pytest.fixture
async def crm(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    async with _client(sandbox, "/crm") as client:
        client.headers["Authorization"] = f"Bearer {await crm_token(client)}"
        yield client


@pytest.fixture
async def shop(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    async with _client(sandbox, "/shop", {"X-Shop-Key": credentials.SHOP_KEYS[0]}) as client:
        yield client


@pytest.fixture
async def catalog(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {credentials.CATALOG_TOKEN}"}
    async with _client(sandbox, "/catalog", headers) as client:
        yield client


@pytest.fixture
async def marketing(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    async with _client(sandbox, "/marketing", {"X-Api-Key": credentials.MARKETING_KEY}) as client:
        yield client


@pytest.fixture
def soap(sandbox: Sandbox) -> Callable[..., AbstractAsyncContextManager[Any]]:
    """Services as zeep builds them from the served WSDLs: `async with soap("inventory", wsse=token) as it`."""

    @asynccontextmanager
    async def service(backend: str, wsse: Any = None, auth: tuple[str, str] | None = None) -> AsyncIterator[Any]:
        calls = httpx.AsyncClient(auth=auth, verify=NO_TLS, trust_env=False)
        with httpx.Client(verify=NO_TLS, trust_env=False) as documents:
            transport = AsyncTransport(client=calls, wsdl_client=documents)  # type: ignore[no-untyped-call]
            address = f"{sandbox.url}/{backend}?wsdl"
            async with calls:
                client = await to_thread.run_sync(
                    lambda: AsyncClient(address, transport=transport, wsse=wsse)  # type: ignore[no-untyped-call]
                )
                yield client.service

    return service


async def crm_token(client: httpx.AsyncClient) -> str:
    reply = await client.post(
        "/oauth/token",
        data={"grant_type": "client_credentials"},
        auth=(credentials.CRM_CLIENT_ID, credentials.CRM_CLIENT_SECRET),
    )
    return str(reply.json()["access_token"])


def _client(
    sandbox: Sandbox, path: str, headers: Mapping[str, str] | None = None
) -> AbstractAsyncContextManager[httpx.AsyncClient]:
    return httpx.AsyncClient(base_url=sandbox.url + path, headers=headers, verify=NO_TLS, trust_env=False)
