"""Every injected fault as its client sees it."""

from __future__ import annotations

import asyncio
import time

import httpx
import pytest
from lxml import etree

from sandbox import credentials

pytestmark = pytest.mark.anyio

QUERY = {"customerIds": "10001"}
CLIENT = (credentials.CRM_CLIENT_ID, credentials.CRM_CLIENT_SECRET)


async def put(http: httpx.AsyncClient, backend: str, fault: str, **more: object) -> None:
    reply = await http.post("/_sandbox/faults", json={"backend": backend, "fault": fault, **more})
    assert reply.status_code == 201


async def engagement(marketing: httpx.AsyncClient) -> httpx.Response:
    return await marketing.get("/engagement", params=QUERY)


async def billed(http: httpx.AsyncClient, operation: str, number: str) -> httpx.Response:
    request = (
        f'<{operation} xmlns="http://ledger.example/billing/2019/07"><InvoiceNo>{number}</InvoiceNo></{operation}>'
    )
    content = f'<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body>{request}</e:Body></e:Envelope>'
    user = (credentials.BILLING_USERNAME, credentials.BILLING_PASSWORD)
    return await http.post("/billing", content=content, headers={"Content-Type": "application/soap+xml"}, auth=user)


async def test_latency_fault_delays_the_normal_reply(http: httpx.AsyncClient, marketing: httpx.AsyncClient) -> None:
    right = await engagement(marketing)
    await put(http, "marketing", "latency", seconds=0.1)
    start = time.monotonic()
    assert (await engagement(marketing)).json() == right.json()
    assert time.monotonic() - start >= 0.1


@pytest.mark.parametrize("status", [204, 302, 429, 503, 599])
async def test_status_fault_returns_the_configured_status(
    http: httpx.AsyncClient, marketing: httpx.AsyncClient, status: int
) -> None:
    await put(http, "marketing", "status", status=status)
    for _ in range(2):
        assert (await engagement(marketing)).status_code == status


async def test_html_fault_returns_a_page_with_status_200(http: httpx.AsyncClient, marketing: httpx.AsyncClient) -> None:
    await put(http, "marketing", "html")
    reply = await engagement(marketing)
    assert (reply.status_code, reply.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "<h1>" in reply.text


async def test_reset_fault_closes_the_connection_without_a_reply(
    http: httpx.AsyncClient, marketing: httpx.AsyncClient
) -> None:
    await put(http, "marketing", "reset")
    with pytest.raises(httpx.ReadError) as caught:
        await engagement(marketing)
    assert isinstance(_root(caught.value), ConnectionResetError)


async def test_truncate_fault_announces_more_bytes_than_it_sends(
    http: httpx.AsyncClient, marketing: httpx.AsyncClient
) -> None:
    whole = (await engagement(marketing)).content
    await put(http, "marketing", "truncate")
    received = b""
    with pytest.raises(httpx.RemoteProtocolError):
        async with marketing.stream("GET", "/engagement", params=QUERY) as reply:
            assert reply.headers["content-length"] == str(len(whole))
            async for part in reply.aiter_bytes():
                received += part
    assert received == whole[: len(whole) // 2]


async def test_drip_fault_sends_the_normal_reply_slowly(http: httpx.AsyncClient, marketing: httpx.AsyncClient) -> None:
    whole = (await engagement(marketing)).content
    await put(http, "marketing", "drip")
    async with marketing.stream("GET", "/engagement", params=QUERY) as reply:
        assert reply.headers["content-length"] == str(len(whole))
        parts = reply.aiter_raw()
        assert await anext(parts) == whole[:1]
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await anext(parts)


async def test_garbage_fault_sends_the_same_2_kb_every_time(
    http: httpx.AsyncClient, marketing: httpx.AsyncClient
) -> None:
    await put(http, "marketing", "garbage")
    first, second = await engagement(marketing), await engagement(marketing)
    assert (first.status_code, len(first.content)) == (200, 2048)
    assert first.content == second.content


@pytest.mark.parametrize(("more", "status"), [({}, 500), ({"status": 200}, 200)])
@pytest.mark.parametrize(
    ("backend", "media_type", "namespace"),
    [
        ("inventory", "text/xml", "http://schemas.xmlsoap.org/soap/envelope/"),
        ("billing", "application/soap+xml", "http://www.w3.org/2003/05/soap-envelope"),
    ],
)
async def test_soap_fault_fault_is_a_server_fault(
    http: httpx.AsyncClient, more: dict[str, int], status: int, backend: str, media_type: str, namespace: str
) -> None:
    await put(http, backend, "soap-fault", **more)
    reply = await http.post(f"/{backend}")
    assert (reply.status_code, reply.headers["content-type"]) == (status, f"{media_type}; charset=utf-8")
    assert etree.fromstring(reply.content).find(f".//{{{namespace}}}Fault") is not None


@pytest.mark.parametrize(("more", "status"), [({}, 200), ({"status": 400}, 400)])
async def test_graphql_error_fault_has_no_error_code(
    http: httpx.AsyncClient, more: dict[str, int], status: int
) -> None:
    await put(http, "catalog", "graphql-error", **more)
    reply = await http.post("/catalog/graphql")
    assert (reply.status_code, reply.json()) == (status, {"errors": [{"message": "The service is not available"}]})


async def test_shape_fault_renames_all_fields(http: httpx.AsyncClient, marketing: httpx.AsyncClient) -> None:
    [entry] = (await engagement(marketing)).json()["entries"]
    await put(http, "marketing", "shape")
    renamed = {f"{name}2": value for name, value in entry.items()}
    assert (await engagement(marketing)).json() == {"entries2": [renamed]}


async def test_shape_fault_keeps_the_names_of_the_protocol(http: httpx.AsyncClient, catalog: httpx.AsyncClient) -> None:
    for backend in ("catalog", "billing"):
        await put(http, backend, "shape")
    query = {"query": '{ productsBySku(skus: ["00012345"]) { skuCode } }'}
    reply = await catalog.post("/graphql", json=query)
    assert reply.json() == {"data": {"productsBySku2": [{"skuCode2": "00012345"}]}}
    [body] = etree.fromstring((await billed(http, "GetInvoice", "2026-000001")).content)
    assert [etree.QName(element).localname for element in body.iter()][:4] == [
        *("Body", "GetInvoiceResponse2", "Invoice2", "Number2")
    ]


async def test_expired_token_fault_applies_to_tokens_issued_before_it(
    http: httpx.AsyncClient, crm: httpx.AsyncClient
) -> None:
    await put(http, "crm", "expired-token")
    for _ in range(2):
        old = await crm.get("/v2/customers")
        assert (old.status_code, old.json()) == (401, {"error": "invalid_token"})
    fresh = await http.post("/crm/oauth/token", data={"grant_type": "client_credentials"}, auth=CLIENT)
    headers = {"Authorization": f"Bearer {fresh.json()['access_token']}"}
    assert (await http.get("/crm/v2/customers", headers=headers)).status_code == 200


async def test_fault_with_times_ends_after_that_many_calls(
    http: httpx.AsyncClient, marketing: httpx.AsyncClient
) -> None:
    await put(http, "marketing", "status", status=503, times=2)
    replies = [await engagement(marketing)]
    assert (await http.get("/_sandbox/faults")).json()["faults"][0]["times"] == 1
    replies += [await engagement(marketing) for _ in range(2)]
    assert [reply.status_code for reply in replies] == [503, 503, 200]
    assert (await http.get("/_sandbox/faults")).json() == {"faults": []}


async def test_fault_with_times_applies_to_the_first_of_concurrent_calls(
    http: httpx.AsyncClient, marketing: httpx.AsyncClient
) -> None:
    await put(http, "marketing", "status", status=503, times=3)
    replies = await asyncio.gather(*(engagement(marketing) for _ in range(10)))
    assert sorted(reply.status_code for reply in replies) == [200] * 7 + [503] * 3


async def test_only_data_fault_spares_tokens_and_wsdls(http: httpx.AsyncClient) -> None:
    await put(http, "crm", "status", status=503, times=1, only="data")
    await put(http, "inventory", "status", status=503, only="data")
    token = await http.post("/crm/oauth/token", data={"grant_type": "client_credentials"}, auth=CLIENT)
    assert token.status_code == 200
    assert (await http.get("/inventory?wsdl")).status_code == 200
    assert (await http.get("/crm/v2/customers")).status_code == 503
    assert (await http.post("/inventory")).status_code == 503


async def test_fault_without_only_data_applies_to_token_requests(http: httpx.AsyncClient) -> None:
    await put(http, "crm", "status", status=503)
    assert (await http.post("/crm/oauth/token")).status_code == 503


async def test_fault_does_not_affect_other_backends(http: httpx.AsyncClient, shop: httpx.AsyncClient) -> None:
    await put(http, "crm", "reset")
    assert (await shop.get("/orders")).status_code == 200


async def test_fault_ends_when_it_is_cleared(http: httpx.AsyncClient, marketing: httpx.AsyncClient) -> None:
    await put(http, "marketing", "html")
    await http.delete("/_sandbox/faults")
    assert (await engagement(marketing)).json()["entries"]


async def test_truncate_and_drip_faults_apply_after_the_write_and_reset_before(
    http: httpx.AsyncClient, shop: httpx.AsyncClient
) -> None:
    order = {"customer": "10001", "items": [{"sku": "00012345", "qty": 1}]}
    for fault, done in (("truncate", True), ("reset", False)):
        before = (await shop.get("/orders", params={"limit": "0"})).json()["total"]
        await put(http, "shop", fault, times=1)
        with pytest.raises(httpx.TransportError):
            await shop.post("/orders", json=order, headers={"Idempotency-Key": fault})
        assert (await shop.get("/orders", params={"limit": "0"})).json()["total"] == before + done
        again = await shop.post("/orders", json=order, headers={"Idempotency-Key": fault})
        assert again.status_code == (200 if done else 201)


def _root(error: BaseException) -> BaseException:
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return error
