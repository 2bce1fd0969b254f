"""The sandbox's settings for a gateway: backend addresses and credentials."""

from __future__ import annotations

import httpx
import pytest

from sandbox.server import Sandbox

pytestmark = pytest.mark.anyio


async def test_settings_list_every_backends_address_and_credentials(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    settings = (await http.get("/_sandbox/settings")).json()
    addresses = {name: value for name, value in settings.items() if name.endswith("_URL")}
    assert addresses == {
        "GRAPHFOLD_CRM_URL": f"{sandbox.url}/crm",
        "GRAPHFOLD_SHOP_URL": f"{sandbox.url}/shop",
        "GRAPHFOLD_CATALOG_URL": f"{sandbox.url}/catalog/graphql",
        "GRAPHFOLD_INVENTORY_URL": f"{sandbox.url}/inventory",
        "GRAPHFOLD_BILLING_URL": f"{sandbox.url}/billing",
        "GRAPHFOLD_MARKETING_URL": f"{sandbox.url}/marketing",
    }
    assert settings["GRAPHFOLD_CRM_CLIENT_ID"] == "graph-gateway"
    assert len(settings) == 15
