"""The CRM: tokens, batches with sparse fields, pages that survive changes, guarded writes."""

from __future__ import annotations

import httpx
import pytest

from sandbox import credentials
from sandbox.company import Settings
from sandbox.server import running

pytestmark = pytest.mark.anyio

CLIENT = (credentials.CRM_CLIENT_ID, credentials.CRM_CLIENT_SECRET)
GRANT = {"grant_type": "client_credentials"}


async def names(crm: httpx.AsyncClient, **query: str) -> list[str]:
    page = (await crm.get("/v2/customers", params=query)).json()
    return [record["custNo"] for record in page["records"]]


async def test_crm_issues_tokens_to_basic_and_form_credentials(http: httpx.AsyncClient) -> None:
    by_basic = await http.post("/crm/oauth/token", data=GRANT, auth=CLIENT)
    by_form = await http.post("/crm/oauth/token", data={**GRANT, "client_id": CLIENT[0], "client_secret": CLIENT[1]})
    for reply in (by_basic, by_form):
        assert reply.status_code == 200
        assert reply.json()["token_type"] == "Bearer"
        assert reply.json()["expires_in"] == 60
        assert reply.headers["cache-control"] == "no-store"
    assert by_basic.json()["access_token"] != by_form.json()["access_token"]


@pytest.mark.parametrize(
    ("form", "secret", "status", "error"),
    [
        (GRANT, "wrong", 401, "invalid_client"),
        ({"grant_type": "password"}, CLIENT[1], 400, "unsupported_grant_type"),
        ({}, CLIENT[1], 400, "invalid_request"),
    ],
)
async def test_crm_rejects_invalid_token_requests(
    http: httpx.AsyncClient, form: dict[str, str], secret: str, status: int, error: str
) -> None:
    reply = await http.post("/crm/oauth/token", data=form, auth=(CLIENT[0], secret))
    assert (reply.status_code, reply.json()) == (status, {"error": error})


async def test_crm_requires_a_bearer_token(http: httpx.AsyncClient) -> None:
    for headers in ({}, {"Authorization": "Bearer made-up"}, {"Authorization": "Basic x"}):
        reply = await http.get("/crm/v2/customers", headers=headers)
        assert (reply.status_code, reply.json()) == (401, {"error": "invalid_token"})
        assert reply.headers["www-authenticate"].startswith("Bearer")


async def test_crm_rejects_an_expired_token() -> None:
    async with running(Settings(customers=1, token_lifetime=0)) as sandbox, httpx.AsyncClient() as http:
        token = (await http.post(f"{sandbox.url}/crm/oauth/token", data=GRANT, auth=CLIENT)).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        assert (await http.get(f"{sandbox.url}/crm/v2/customers", headers=headers)).status_code == 401


async def test_crm_batch_omits_unknown_ids_and_uses_its_own_order(crm: httpx.AsyncClient) -> None:
    assert await names(crm, ids="10003,99999,10001,010002,x,10003") == ["10001", "10003"]
    assert await names(crm, ids="") == []


async def test_crm_batch_rejects_more_than_200_ids(crm: httpx.AsyncClient) -> None:
    fits = ",".join(str(10001 + index) for index in range(200))
    assert (await crm.get("/v2/customers", params={"ids": fits})).status_code == 200
    assert (await crm.get("/v2/customers", params={"ids": fits + ",1"})).status_code == 413


async def test_crm_returns_only_the_selected_fields(crm: httpx.AsyncClient) -> None:
    query = {"ids": "10001", "fields": "profile.displayName,contact"}
    [record] = (await crm.get("/v2/customers", params=query)).json()["records"]
    assert record.keys() == {"custNo", "profile", "contact"}
    assert record["profile"].keys() == {"displayName"}
    assert record["contact"].keys() == {"mail", "phone"}
    [bare] = (await crm.get("/v2/customers", params={"ids": "10001", "fields": ""})).json()["records"]
    assert bare == {"custNo": "10001"}


async def test_crm_record_has_the_documented_format(crm: httpx.AsyncClient) -> None:
    record = (await crm.get("/v2/customers/10001")).json()
    assert set(record) == {
        "custNo", "profile", "contact", "registeredAt", "newsletter", "vip", "address",
    }  # fmt: skip
    assert isinstance(record["registeredAt"], int)
    assert {record["newsletter"], record["vip"]} <= {"Y", "N"}
    assert record["address"].keys() == {"line1", "zip", "town", "countryCode"}


@pytest.mark.parametrize(
    "query", [{"fields": "profile.nick"}, {"limit": "0"}, {"limit": "201"}, {"limit": "x"}, {"segment": "VIP"}]
)
async def test_crm_names_the_invalid_parameter(crm: httpx.AsyncClient, query: dict[str, str]) -> None:
    reply = await crm.get("/v2/customers", params=query)
    assert reply.status_code == 400
    assert reply.json()["message"].startswith(next(iter(query)))


async def test_crm_pages_follow_each_other_to_the_end(crm: httpx.AsyncClient) -> None:
    seen, more, after = [], [], ""
    for _ in range(3):
        page = (await crm.get("/v2/customers", params={"limit": "15", "after": after})).json()
        seen += [record["custNo"] for record in page["records"]]
        more.append(page["hasMore"])
        after = page["records"][-1]["position"]
    assert seen == [str(10001 + index) for index in range(40)]
    assert more == [True, True, False]


async def test_crm_cursor_survives_inserts_and_deletes(crm: httpx.AsyncClient) -> None:
    page = (await crm.get("/v2/customers", params={"limit": "3"})).json()
    after = page["records"][-1]["position"]
    assert (await crm.delete("/v2/customers/10003")).status_code == 204
    first = {"custNo": "9001", "profile": {"displayName": "Ahead"}, "contact": {"mail": "a@b.example"}}
    assert (await crm.post("/v2/customers", json=first)).status_code == 201
    assert await names(crm, limit="2", after=after) == ["10004", "10005"]
    assert await names(crm, limit="1") == ["9001"]


@pytest.mark.parametrize("cursor", ["nonsense", "Y3VzdE5vPg", "!!", "Y3VzdE5vPjEwMDAxIA", "ÿ"])
async def test_crm_rejects_a_malformed_cursor(crm: httpx.AsyncClient, cursor: str) -> None:
    assert (await crm.get("/v2/customers", params={"after": cursor})).status_code == 400


async def test_crm_search_matches_names_and_mail_case_insensitively(crm: httpx.AsyncClient) -> None:
    await crm.patch("/v2/customers/10005", json={"profile": {"displayName": "Ärger O'Néill_%"}})
    assert await names(crm, search="ÄRGER o'né") == ["10005"]
    assert await names(crm, search="_%") == ["10005"]
    assert await names(crm, search=".10006@MAIL") == ["10006"]
    assert await names(crm, search="no such thing") == []


async def test_crm_page_can_be_filtered_by_segment(crm: httpx.AsyncClient) -> None:
    page = (await crm.get("/v2/customers", params={"segment": "BUSINESS", "limit": "200"})).json()
    assert {record["profile"]["segment"] for record in page["records"]} == {"BUSINESS"}


async def test_crm_matching_etag_returns_304_until_the_record_changes(crm: httpx.AsyncClient) -> None:
    tag = (await crm.get("/v2/customers/10002")).headers["etag"]
    assert tag.startswith('"')
    unchanged = await crm.get("/v2/customers/10002", headers={"If-None-Match": f'"x", {tag}'})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    changed = await crm.patch("/v2/customers/10002", json={"vip": "Y"})
    assert changed.headers["etag"] != tag
    assert (await crm.get("/v2/customers/10002", headers={"If-None-Match": tag})).status_code == 200


async def test_crm_patch_merges_into_the_record(crm: httpx.AsyncClient) -> None:
    before = (await crm.get("/v2/customers/10002")).json()
    patch = {"contact": {"phone": None, "mail": "new@mail.example"}, "newsletter": "N"}
    reply = await crm.patch("/v2/customers/10002", json=patch)
    assert reply.status_code == 200
    assert reply.json() == {**before, "contact": {"mail": "new@mail.example", "phone": None}, "newsletter": "N"}
    assert (await crm.get("/v2/customers/10002")).json() == reply.json()


async def test_crm_patch_with_a_stale_etag_is_rejected(crm: httpx.AsyncClient) -> None:
    tag = (await crm.get("/v2/customers/10002")).headers["etag"]
    assert (await crm.patch("/v2/customers/10002", json={"vip": "Y"}, headers={"If-Match": tag})).status_code == 200
    stale = await crm.patch("/v2/customers/10002", json={"vip": "N"}, headers={"If-Match": tag})
    assert (stale.status_code, stale.json()) == (412, {"error": "precondition_failed"})
    assert (await crm.patch("/v2/customers/10002", json={}, headers={"If-Match": "*"})).status_code == 200


async def test_crm_patch_reports_every_invalid_field(crm: httpx.AsyncClient) -> None:
    before = (await crm.get("/v2/customers/10002")).json()
    patch = {
        "profile": {"displayName": " ", "segment": "X"}, "contact": {"mail": "not mail", "phone": 1},
        "custNo": "1", "nick": {"a": {"b": 1}}, "vip": True,
    }  # fmt: skip
    reply = await crm.patch("/v2/customers/10002", json=patch)
    assert reply.status_code == 422
    assert {error["field"] for error in reply.json()["errors"]} == {
        "profile.displayName", "profile.segment", "contact.mail", "contact.phone", "custNo", "nick.a", "vip",
    }  # fmt: skip
    assert (await crm.get("/v2/customers/10002")).json() == before


async def test_crm_rejects_a_body_that_is_not_a_json_object(crm: httpx.AsyncClient) -> None:
    for body in (b"", b"[1]", b"{", b"\xff"):
        assert (await crm.patch("/v2/customers/10002", content=body)).status_code == 400


async def test_crm_customers_are_created_and_deleted(crm: httpx.AsyncClient) -> None:
    new = {"profile": {"displayName": "Nové Ďáblice"}, "contact": {"mail": "n@d.example"}}
    made = await crm.post("/v2/customers", json=new)
    assert (made.status_code, made.json()["custNo"]) == (201, "10041")
    assert made.headers["location"] == "/crm/v2/customers/10041"
    assert (await crm.post("/v2/customers", json={**new, "custNo": "10041"})).status_code == 409
    assert (await crm.post("/v2/customers", json={})).status_code == 422
    assert (await crm.post("/v2/customers", json={**new, "custNo": "x"})).status_code == 422
    assert (await crm.delete("/v2/customers/10041")).status_code == 204
    assert (await crm.get("/v2/customers/10041")).json() == {"error": "not_found"}
    assert (await crm.post("/v2/customers", json=new)).json()["custNo"] == "10042"


async def test_crm_answers_404_to_unknown_records_and_405_to_wrong_methods(crm: httpx.AsyncClient) -> None:
    assert (await crm.get("/v2/orders")).status_code == 404
    assert (await crm.get("/v2/customers/99")).status_code == 404
    assert (await crm.put("/v2/customers/10001")).status_code == 405
    assert (await crm.get("/oauth/token")).status_code == 405
