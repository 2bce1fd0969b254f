"""Billing (SOAP 1.2, HTTP Basic), called by zeep and, for requests that zeep cannot send, by hand."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from lxml import etree
from zeep.exceptions import Fault

from sandbox import billing as backend
from sandbox import credentials

pytestmark = pytest.mark.anyio

NAMESPACE = "http://ledger.example/billing/2019/07"
ENVELOPE = "http://www.w3.org/2003/05/soap-envelope"
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
USER = (credentials.BILLING_USERNAME, credentials.BILLING_PASSWORD)


Soap = Callable[..., AbstractAsyncContextManager[Any]]


async def post(http: httpx.AsyncClient, body: str, media_type: str = "application/soap+xml") -> httpx.Response:
    content = f'<e:Envelope xmlns:e="{ENVELOPE}"><e:Body>{body}</e:Body></e:Envelope>'
    return await http.post("/billing", content=content, headers={"Content-Type": media_type}, auth=USER)


def listing(customer: str, start: object = 0, count: object = 200) -> str:
    return (
        f'<ListInvoices xmlns="{NAMESPACE}"><CustomerNo>{customer}</CustomerNo>'
        f"<From>{start}</From><Count>{count}</Count></ListInvoices>"
    )


def payments(invoice: Any) -> list[Any]:
    """zeep makes None of an empty `<Payments/>`."""
    return [] if invoice.Payments is None else list(invoice.Payments.Payment)


def paid(invoice: Any) -> Decimal:
    return sum((payment.Amount for payment in payments(invoice)), Decimal(0))


async def test_list_invoices_returns_one_customers_invoices_newest_first(soap: Soap) -> None:
    async with soap("billing", auth=USER) as service:
        found = await service.ListInvoices(CustomerNo="10010", From=0, Count=5)
        later = await service.ListInvoices(CustomerNo="10010", From=4, Count=200)
    assert found.total == later.total == 4 + len(later.Invoice) > 100
    assert later.Invoice[0].Number == found.Invoice[4].Number
    issued = [invoice.IssuedOn for invoice in found.Invoice]
    assert issued == sorted(issued, reverse=True)
    assert all(isinstance(day, date) for day in issued)
    assert {invoice.CustomerNo for invoice in found.Invoice} == {"10010"}


async def test_invoice_amounts_keep_their_scale_and_payments_add_up(soap: Soap) -> None:
    async with soap("billing", auth=USER) as service:
        found = await service.ListInvoices(CustomerNo="10010", From=0, Count=200)
    for invoice in found.Invoice:
        assert invoice.Total.as_tuple().exponent == -2
        assert (invoice.status == "OPEN", invoice.status == "PAID") == (
            paid(invoice) == 0,
            paid(invoice) == invoice.Total,
        )
        days = [payment.PaidOn for payment in payments(invoice)]
        assert days == sorted(days)
    assert {invoice.status for invoice in found.Invoice} == {"OPEN", "PART", "PAID"}


async def test_missing_billing_values_are_nil_elements(http: httpx.AsyncClient) -> None:
    reply = etree.fromstring((await post(http, listing("10010"))).content)
    for name in ("DueOn", "Reference"):
        elements = list(reply.iter(f"{{{NAMESPACE}}}{name}"))
        assert {element.get(NIL) for element in elements} == {"true", None}
        assert all((element.text is None) == (element.get(NIL) == "true") for element in elements)


async def test_get_invoice_matches_the_list_and_the_shop_order(soap: Soap, shop: httpx.AsyncClient) -> None:
    async with soap("billing", auth=USER) as service:
        [listed] = (await service.ListInvoices(CustomerNo="10001", From=0, Count=1)).Invoice
        alone = await service.GetInvoice(InvoiceNo=listed.Number)
    assert alone == listed
    order = (await shop.get(f"/orders/{listed.OrderNo}")).json()
    assert order["invoiceNo"] == listed.Number
    assert (Decimal(order["sum"]["cents"]) / 100, order["sum"]["cur"]) == (listed.Total, listed.currency)


async def test_get_balance_is_the_sum_of_open_invoices(soap: Soap) -> None:
    async with soap("billing", auth=USER) as service:
        invoices = (await service.ListInvoices(CustomerNo="10010", From=0, Count=200)).Invoice
        balance = await service.GetBalance(CustomerNo="10010")
    left = {invoice.Number: invoice.Total - paid(invoice) for invoice in invoices}
    overdue = [invoice.Number for invoice in invoices if invoice.DueOn and invoice.DueOn < balance.AsOf]
    assert balance.Open == sum(left.values()) > 0
    assert balance.Overdue == sum(left[number] for number in overdue)
    assert balance.currency == invoices[0].currency


@pytest.mark.parametrize(
    ("operation", "key", "detail"),
    [
        ("GetInvoice", {"InvoiceNo": "2026-<&>"}, "UnknownInvoice"),
        ("GetBalance", {"CustomerNo": "77"}, "UnknownCustomer"),
        ("ListInvoices", {"CustomerNo": "010001", "From": 0, "Count": 1}, "UnknownCustomer"),
    ],
)
async def test_unknown_billing_key_is_a_typed_fault(
    soap: Soap, operation: str, key: dict[str, object], detail: str
) -> None:
    async with soap("billing", auth=USER) as service:
        with pytest.raises(Fault) as caught:
            await service[operation](**key)
    fault: Any = caught.value
    assert fault.code == "env:Sender"
    assert [code.localname for code in fault.subcodes] == [detail]
    assert fault.detail[0].tag == f"{{{NAMESPACE}}}{detail}"
    assert fault.detail[0][0].text == next(iter(key.values()))


async def test_soap_sender_fault_has_status_400(http: httpx.AsyncClient) -> None:
    for body in (listing("77"), listing("10001", start=-1), listing("10001", count="many"), "<Nothing/>"):
        reply = await post(http, body)
        assert reply.status_code == 400
        assert reply.headers["content-type"].startswith("application/soap+xml")


async def test_list_invoices_rejects_more_than_200(http: httpx.AsyncClient) -> None:
    assert (await post(http, listing("10001", count=200))).status_code == 200
    assert (await post(http, listing("10001", count=201))).status_code == 413


async def test_billing_replies_validate_against_the_wsdl(http: httpx.AsyncClient) -> None:
    wsdl = etree.parse(Path(backend.__file__).with_name("billing.wsdl"))
    [schema] = wsdl.iter("{http://www.w3.org/2001/XMLSchema}schema")
    reply = etree.fromstring((await post(http, listing("10010"))).content)
    etree.XMLSchema(schema).assertValid(reply[0][0])


async def test_billing_requires_basic_authentication(http: httpx.AsyncClient) -> None:
    for secret in ({}, {"Authorization": "Basic bGVkZ2VyOndyb25n"}, {"Authorization": "Basic ?"}):
        reply = await http.post("/billing", headers={"Content-Type": "application/soap+xml", **secret})
        assert reply.status_code == 401
        assert reply.headers["www-authenticate"].startswith("Basic")


async def test_billing_rejects_soap_1_1(http: httpx.AsyncClient) -> None:
    assert (await post(http, listing("10001"), "text/xml")).status_code == 415
    old = '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body/></e:Envelope>'
    reply = await http.post("/billing", content=old, headers={"Content-Type": "application/soap+xml"}, auth=USER)
    assert (reply.status_code, "VersionMismatch" in reply.text) == (500, True)
