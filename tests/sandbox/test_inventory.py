"""Inventory (SOAP 1.1, UsernameToken), called by zeep and, for requests that zeep cannot send, by hand."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from lxml import etree
from zeep.exceptions import Fault
from zeep.wsse.username import UsernameToken

from sandbox import credentials
from sandbox.server import Sandbox

pytestmark = pytest.mark.anyio

NAMESPACE = "http://depot.example/inventory/2"
ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
WSS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
USER = (credentials.INVENTORY_USERNAME, credentials.INVENTORY_PASSWORD)
SKU = "00012345"
NOT_KEPT = f"{12_345 + 37 * 24:08d}"
"""A product without a record of stock."""


Soap = Callable[..., AbstractAsyncContextManager[Any]]


def token(password: str = USER[1], *, digested: bool = False) -> Any:
    return UsernameToken(USER[0], password, use_digest=digested)  # type: ignore[no-untyped-call]


def envelope(body: str, header: str = "", namespace: str = ENVELOPE) -> str:
    return f'<e:Envelope xmlns:e="{namespace}"><e:Header>{header}</e:Header><e:Body>{body}</e:Body></e:Envelope>'


def security(password: str = USER[1], kind: str = "", extra: str = "") -> str:
    return (
        f'<s:Security xmlns:s="{WSS}wssecurity-secext-1.0.xsd" xmlns:u="{WSS}wssecurity-utility-1.0.xsd">'
        f"<s:UsernameToken><s:Username>{USER[0]}</s:Username><s:Password {kind}>{password}</s:Password>{extra}"
        f"</s:UsernameToken></s:Security>"
    )


def digest(created: str) -> str:
    """A header with a correct digest for that time."""
    proof = base64.b64encode(hashlib.sha1(b"nonce" + created.encode() + USER[1].encode()).digest()).decode()
    nonce = base64.b64encode(b"nonce").decode()
    kind = f'Type="{WSS}username-token-profile-1.0#PasswordDigest"'
    return security(proof, kind, f"<s:Nonce>{nonce}</s:Nonce><u:Created>{created}</u:Created>")


async def post(http: httpx.AsyncClient, content: str, media_type: str = "text/xml; charset=utf-8") -> httpx.Response:
    return await http.post("/inventory", content=content.encode(), headers={"Content-Type": media_type})


def fault_code(reply: httpx.Response) -> str:
    fault = etree.fromstring(reply.content).find(f".//{{{ENVELOPE}}}Fault")
    assert fault is not None
    return fault.findtext("faultcode") or ""


@pytest.mark.parametrize("digested", [False, True])
async def test_get_stock_accepts_plain_and_digest_passwords(soap: Soap, digested: bool) -> None:
    async with soap("inventory", token(digested=digested)) as service:
        levels = await service.GetStock([SKU, "00012382", "12345"])
    assert [level.Sku for level in levels] == ["00012345", "00012382"]
    for level in levels:
        assert level.OnHand == sum(warehouse.Quantity for warehouse in level.Warehouse)
        assert all(warehouse.Code.startswith("0") for warehouse in level.Warehouse)


async def test_get_stock_returns_lists_of_one_and_of_none(soap: Soap) -> None:
    async with soap("inventory", token()) as service:
        [level] = await service.GetStock([SKU])
        assert len(level.Warehouse) == 1
        assert not await service.GetStock(["unknown"])


async def test_stock_is_reserved_and_released_by_soap(soap: Soap) -> None:
    async with soap("inventory", token()) as service:
        reservation = await service.Reserve(Sku=SKU, Quantity=3)
        assert [level.Reserved for level in await service.GetStock([SKU])] == [3]
        assert await service.Release(ReservationNo=reservation) == 3
        assert [level.Reserved for level in await service.GetStock([SKU])] == [0]


async def test_reserved_stock_cannot_be_ordered(soap: Soap, shop: httpx.AsyncClient) -> None:
    async with soap("inventory", token()) as service:
        [level] = await service.GetStock([SKU])
        await service.Reserve(Sku=SKU, Quantity=level.OnHand)
    order = {"customer": "10001", "items": [{"sku": SKU, "qty": 1}]}
    reply = await shop.post("/orders", json=order, headers={"Idempotency-Key": "k"})
    assert reply.json()["error"]["available"] == 0


async def test_shop_order_reduces_the_inventorys_stock(soap: Soap, shop: httpx.AsyncClient) -> None:
    async with soap("inventory", token()) as service:
        [before] = await service.GetStock([SKU])
        order = {"customer": "10001", "items": [{"sku": SKU, "qty": 4}]}
        await shop.post("/orders", json=order, headers={"Idempotency-Key": "k"})
        [after] = await service.GetStock([SKU])
    assert after.OnHand == before.OnHand - 4


async def test_reserving_more_than_available_is_a_typed_fault(soap: Soap) -> None:
    async with soap("inventory", token()) as service:
        with pytest.raises(Fault) as caught:
            await service.Reserve(Sku="00012604", Quantity=1)
    fault: Any = caught.value
    assert fault.detail[0].tag == f"{{{NAMESPACE}}}InsufficientStock"
    assert [child.text for child in fault.detail[0]] == ["00012604", "0"]


async def test_sku_without_a_stock_record_cannot_be_reserved(soap: Soap) -> None:
    async with soap("inventory", token()) as service:
        for sku in ("unknown", NOT_KEPT):
            with pytest.raises(Fault) as caught:
                await service.Reserve(Sku=sku, Quantity=1)
            fault: Any = caught.value
            assert fault.detail[0].tag == f"{{{NAMESPACE}}}UnknownSku"
            assert fault.detail[0].findtext(f"{{{NAMESPACE}}}Sku") == sku


async def test_unknown_reservation_is_a_typed_fault(soap: Soap) -> None:
    async with soap("inventory", token()) as service:
        with pytest.raises(Fault) as caught:
            await service.Release(ReservationNo="R<9>")
    fault: Any = caught.value
    assert fault.detail[0].findtext(f"{{{NAMESPACE}}}ReservationNo") == "R<9>"


@pytest.mark.parametrize("digested", [False, True])
async def test_inventory_rejects_a_wrong_password_with_a_fault(soap: Soap, digested: bool) -> None:
    async with soap("inventory", token("wrong", digested=digested)) as service:
        with pytest.raises(Fault) as caught:
            await service.GetStock([SKU])
    assert caught.value.code == "wsse:FailedAuthentication"


RESERVE_NONE = f'<Reserve xmlns="{NAMESPACE}"><Sku>1</Sku><Quantity>0</Quantity></Reserve>'
GET_STOCK = f'<GetStock xmlns="{NAMESPACE}"><Sku>{SKU}</Sku></GetStock>'


async def test_inventory_rejects_stale_or_incomplete_digests(http: httpx.AsyncClient) -> None:
    now = datetime.now(UTC)
    fresh, stale = now.isoformat(), (now - timedelta(minutes=6)).isoformat()
    assert (await post(http, envelope(GET_STOCK, digest(fresh)))).status_code == 200
    for header in (
        "",
        security("wrong"),
        digest(stale),
        digest("yesterday"),
        digest(now.replace(tzinfo=None).isoformat()),
    ):
        reply = await post(http, envelope(GET_STOCK, header))
        assert (reply.status_code, fault_code(reply)) == (500, "wsse:FailedAuthentication")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (envelope("<GetStock><Sku>1</Sku></GetStock>", security()), "soap:Client"),
        (envelope(f'<GetStock xmlns="{NAMESPACE}"><Sku xmlns="">1</Sku></GetStock>', security()), "soap:Client"),
        (envelope(f'<GetStock xmlns="{NAMESPACE}"/>', security()), "soap:Client"),
        (envelope(RESERVE_NONE, security()), "soap:Client"),
        (envelope(f'<Steal xmlns="{NAMESPACE}"/>', security()), "soap:Client"),
        (envelope("", security()), "soap:Client"),
        (envelope(GET_STOCK + GET_STOCK, security()), "soap:Client"),
        ("<!DOCTYPE x [<!ENTITY e 'x'>]>" + envelope(GET_STOCK, security()), "soap:Client"),
        ("not xml", "soap:Client"),
        ("", "soap:Client"),
        (envelope(GET_STOCK, security(), "http://www.w3.org/2003/05/soap-envelope"), "soap:VersionMismatch"),
        (envelope(GET_STOCK, security() + '<x xmlns="urn:x" e:mustUnderstand="1"/>'), "soap:MustUnderstand"),
    ],
)  # fmt: skip
async def test_request_that_violates_the_wsdl_is_a_fault(http: httpx.AsyncClient, content: str, code: str) -> None:
    reply = await post(http, content)
    assert (reply.status_code, fault_code(reply)) == (500, code)
    assert reply.headers["content-type"] == "text/xml; charset=utf-8"


async def test_get_stock_rejects_more_than_1000_skus(http: httpx.AsyncClient) -> None:
    for count, status in ((1000, 200), (1001, 413)):
        skus = "".join(f"<Sku>{12345 + number:08d}</Sku>" for number in range(count))
        body = f'<GetStock xmlns="{NAMESPACE}">{skus}</GetStock>'
        assert (await post(http, envelope(body, security()))).status_code == status


async def test_served_wsdl_contains_the_requested_address(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    for query in ("wsdl", "WSDL"):
        reply = await http.get(f"/inventory?{query}")
        assert reply.headers["content-type"].startswith("text/xml")
        assert f'location="{sandbox.url}/inventory"' in reply.text
    odd = await http.get("/inventory?wsdl", headers={"Host": 'a"<b>'})
    assert etree.fromstring(odd.content) is not None


async def test_inventory_accepts_only_xml_posts(http: httpx.AsyncClient) -> None:
    assert (await http.get("/inventory")).status_code == 405
    assert (await post(http, envelope(GET_STOCK, security()), "application/soap+xml")).status_code == 415
    assert (await http.post("/inventory/other")).status_code == 404
