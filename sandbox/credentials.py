"""The demo credentials of the six backends. They are valid for this sandbox only."""

from __future__ import annotations

CRM_CLIENT_ID = "graph-gateway"
CRM_CLIENT_SECRET = "crm-demo-secret"

SHOP_KEYS = ("shop-demo-key", "shop-demo-key-2")
"""Any of them opens the shop; each has its own rate limit."""

CATALOG_TOKEN = "catalog-demo-token"

INVENTORY_USERNAME = "depot-reader"
INVENTORY_PASSWORD = "depot-demo-password"

BILLING_USERNAME = "ledger"
BILLING_PASSWORD = "ledger-demo-password"

MARKETING_KEY = "marketing-demo-key"


def variables(url: str) -> dict[str, str]:
    """Return the environment variables that connect a gateway to the six backends of the sandbox at `url`."""
    return {
        "GRAPHFOLD_CRM_URL": f"{url}/crm",
        "GRAPHFOLD_CRM_CLIENT_ID": CRM_CLIENT_ID,
        "GRAPHFOLD_CRM_CLIENT_SECRET": CRM_CLIENT_SECRET,
        "GRAPHFOLD_SHOP_URL": f"{url}/shop",
        "GRAPHFOLD_SHOP_TOKEN": SHOP_KEYS[0],
        "GRAPHFOLD_CATALOG_URL": f"{url}/catalog/graphql",
        "GRAPHFOLD_CATALOG_TOKEN": CATALOG_TOKEN,
        "GRAPHFOLD_INVENTORY_URL": f"{url}/inventory",
        "GRAPHFOLD_INVENTORY_USERNAME": INVENTORY_USERNAME,
        "GRAPHFOLD_INVENTORY_PASSWORD": INVENTORY_PASSWORD,
        "GRAPHFOLD_BILLING_URL": f"{url}/billing",
        "GRAPHFOLD_BILLING_USERNAME": BILLING_USERNAME,
        "GRAPHFOLD_BILLING_PASSWORD": BILLING_PASSWORD,
        "GRAPHFOLD_MARKETING_URL": f"{url}/marketing",
        "GRAPHFOLD_MARKETING_TOKEN": MARKETING_KEY,
    }
