"""The conformance suites of the six adapters, over samples of real replies."""

from __future__ import annotations

from pathlib import Path

import httpx

from adapters.billing import Billing
from adapters.catalog import Catalog
from adapters.crm import Crm
from adapters.inventory import Inventory
from adapters.marketing import Marketing
from adapters.shop import Shop
from graphfold.testing import Sample, conformance

SAMPLES = Path(__file__).parent / "samples"

LEDGER = 'xmlns="http://ledger.example/billing/2019/07"'
UNKNOWN = "<soap:Fault><faultcode>soap:Client</faultcode><faultstring>?</faultstring><detail>{}</detail></soap:Fault>"
NO_CUSTOMER = UNKNOWN.format(f"<UnknownCustomer {LEDGER}><CustomerNo>1</CustomerNo></UnknownCustomer>")
NO_INVOICE = UNKNOWN.format(f"<UnknownInvoice {LEDGER}><InvoiceNo>1</InvoiceNo></UnknownInvoice>")
REFUSED = httpx.Response(404, json={"error": {"code": "UNKNOWN_ORDER"}})
PAGE = {"limit": 2, "offset": 0}

TestCrm = conformance(
    Crm,
    {
        "customers": Sample(keys=["10001", "10002"], reply=SAMPLES / "customers.json"),
        "listing": Sample(
            arguments={"limit": 2, "after": None, "search": None, "segment": None}, reply=SAMPLES / "customers.json"
        ),
        "change": Sample(arguments={"number": "10001", "fields": {"newsletter": "N"}}, reply=SAMPLES / "customer.json"),
    },
)

TestShop = conformance(
    Shop,
    {
        "orders": Sample(keys=["SO-100273", "SO-100237"], reply=SAMPLES / "orders.json"),
        "orders_of": Sample(
            keys=["10001", "10002"], arguments={**PAGE, "status": None}, reply=SAMPLES / "orders_of.json"
        ),
        "all_orders": Sample(arguments={**PAGE, "status": None}, reply=SAMPLES / "orders.json"),
        "place": Sample(
            arguments={"customer": "10001", "items": [("00013788", 2)], "idempotency_key": "k-1"},
            reply=SAMPLES / "order.json",
        ),
        "cancel": Sample(arguments={"number": "SO-100273"}, reply=SAMPLES / "order.json"),
    },
)

TestCatalog = conformance(
    Catalog,
    {
        "products": Sample(keys=["00012345", "00012382"], reply=SAMPLES / "products.json"),
        "search": Sample(
            arguments={"text": "lamp", "category": None, "limit": 2, "after": None}, reply=SAMPLES / "search.json"
        ),
        "reviews": Sample(keys=["r-1", "r-2"], reply=SAMPLES / "reviews.json"),
        "reviews_of": Sample(
            keys=["00012345", "00012382"], arguments={"limit": 2, "after": None}, reply=SAMPLES / "reviews_of.json"
        ),
    },
)

TestInventory = conformance(
    Inventory,
    {
        "stock": Sample(keys=["00012345", "00012382"], reply=SAMPLES / "stock.xml"),
        "reserve": Sample(arguments={"sku": "00012345", "quantity": 2}, reply=SAMPLES / "reservation.xml"),
        "release": Sample(arguments={"reservation": "R007"}, reply=SAMPLES / "release.xml"),
    },
)

TestBilling = conformance(
    Billing,
    {
        "invoices": Sample(keys=["2026-000128"], reply=SAMPLES / "invoice.xml", missing=NO_INVOICE),
        "invoices_of": Sample(keys=["10001"], arguments=PAGE, reply=SAMPLES / "invoices_of.xml", missing=NO_CUSTOMER),
        "balances": Sample(keys=["10001"], reply=SAMPLES / "balance.xml", missing=NO_CUSTOMER),
    },
)

TestMarketing = conformance(
    Marketing, {"engagement": Sample(keys=["10001", "10002"], reply=SAMPLES / "engagement.json")}
)
