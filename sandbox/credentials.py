"""The demo credentials of the six backends, in one place. They open nothing but this sandbox."""

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
