"""SOAP adapters in a graph: exact values, faults with any status, and replies that are refused."""

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import httpx
import pytest
import strawberry
from lxml import etree

from graphfold import Keys, Row, SoapAdapter, SoapFault, Wire, batch, by, resolves
from graphfold.credentials import UsernameToken
from graphfold.errors import GraphError, NotFound
from graphfold.graph.graph import Graph
from graphfold.testing import FakeBackend, ask, declaring, fakes, graph_of
from tests.graphfold.written import WSDL

pytestmark = pytest.mark.anyio

ELEVEN = "http://schemas.xmlsoap.org/soap/envelope/"
TWELVE = "http://www.w3.org/2003/05/soap-envelope"
LEVEL = "<StockLevel><Sku>007</Sku><OnHand>3</OnHand><Counted>2026-01-31</Counted></StockLevel>"
XML = {"content-type": "text/xml"}
ONE = '{ stock(sku: "007") { onHand } }'
EVERYTHING = '{ stock(sku: "007") { sku onHand value currency counted note blocked sites depot } }'


def depot(*, port: str | None = None) -> Graph:
    @strawberry.type
    class Stock:
        sku: str
        on_hand: str
        value: Decimal | None
        currency: str | None
        counted: date | None
        note: str | None
        blocked: bool | None
        sites: list[str]
        depot: str | None

    @strawberry.type
    class Query:
        pass

    class LevelRow(Row[Stock], key="sku"):
        sku: Annotated[str, Wire("Sku")]
        on_hand: Annotated[int, Wire("OnHand")]
        value: Annotated[Decimal | None, Wire("Value.#text")] = None
        currency: Annotated[str | None, Wire("Value.@currency")] = None
        counted: Annotated[date | None, Wire("Counted")]
        note: Annotated[str | None, Wire("Note")] = "absent"
        blocked: Annotated[bool | None, Wire("Blocked")] = None
        sites: Annotated[list[str], Wire("Site")]
        depot: Annotated[str | None, Wire("@depot")] = None

        def domain(self) -> Stock:
            return Stock(**{**vars(self), "on_hand": str(self.on_hand)})

    class Depot(SoapAdapter):
        wsdl = WSDL
        credential = UsernameToken()
        identity = "service"

        @batch()
        async def stock(self, skus: Keys[str]) -> dict[str, LevelRow]:
            return by(await self.invoke("GetStock", list[LevelRow], Sku=skus), lambda row: row.sku)

        def fault(self, fault: SoapFault) -> GraphError:
            if "UnknownSku" in fault.detail:
                return NotFound(f"No {fault.detail['UnknownSku']['Sku']}.")
            return super().fault(fault)

    if port:
        Depot.port = port

    @resolves(Query)
    async def stock(sku: str, depot: Depot) -> Stock | None:
        return await depot.stock.find(sku)

    return graph_of()


def answer(inside: str, *, envelope: str = ELEVEN, status: int = 200) -> httpx.Response:
    text = f'<e:Envelope xmlns:e="{envelope}"><e:Body>{inside}</e:Body></e:Envelope>'
    kind = "text/xml" if envelope == ELEVEN else "application/soap+xml"
    return httpx.Response(status, text=text, headers={"content-type": f"{kind}; charset=utf-8"})


def levels(inside: str = LEVEL, **how: Any) -> httpx.Response:
    xsi = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    return answer(f'<GetStockResponse xmlns="urn:stock" {xsi}>{inside}</GetStockResponse>', **how)


async def execute(reply: Any, query: str = ONE, *, port: str | None = None) -> tuple[Any, FakeBackend]:
    backend = FakeBackend({"POST /": reply})
    async with depot(port=port).running(transports=fakes(depot=backend)) as graph:
        return await graph.execute(query), backend


async def value(level: str) -> dict[str, Any]:
    result, _ = await execute(levels(f"<StockLevel>{level}</StockLevel>"), EVERYTHING)
    assert not result.errors, result.errors
    data: dict[str, Any] = result.data["stock"]
    return data


async def test_xsd_values_are_read_unchanged() -> None:
    stock = await value(
        """<Sku>007</Sku><OnHand>9223372036854775807</OnHand><Value currency="EUR">12.30</Value>
        <Counted>2026-01-31</Counted><Note> a &amp; b </Note><Blocked>1</Blocked><Site>X</Site>"""
    )
    assert stock == {
        "sku": "007",
        "onHand": "9223372036854775807",
        "value": "12.30",
        "currency": "EUR",
        "counted": "2026-01-31",
        "note": " a & b ",
        "blocked": True,
        "sites": ["X"],
        "depot": None,
    }


@pytest.mark.parametrize(
    ("note", "read"), [("", "absent"), ("<Note/>", ""), ('<Note xsi:nil="true"/>', None), ("<Note>x</Note>", "x")]
)
async def test_absent_empty_and_nil_are_distinguished(note: str, read: str | None) -> None:
    stock = await value(f"<Sku>007</Sku><OnHand>1</OnHand><Counted xsi:nil='true'/>{note}")
    assert (stock["note"], stock["counted"], stock["sites"]) == (read, None, [])


async def test_unknown_and_reordered_elements_are_accepted() -> None:
    stock = await value("<New><Deep/></New><Site>A</Site><OnHand>1</OnHand><Counted>2026-01-31</Counted><Sku>007</Sku>")
    assert (stock["onHand"], stock["sites"]) == ("1", ["A"])


async def test_comments_and_processing_instructions_are_dropped() -> None:
    stock = await value("<Sku>0<!-- no -->0<?no no?>7</Sku><OnHand>1</OnHand><Counted>2026-01-31</Counted>")
    assert stock["sku"] == "007"


@pytest.mark.parametrize(
    "level",
    [
        LEVEL.replace(">3<", ">n/a<"),
        LEVEL.replace(">3<", "><"),
        LEVEL.replace(">3<", ">3.0<"),
        LEVEL.replace("2026-01-31", "31.1.2026"),
        LEVEL.replace("<OnHand>3</OnHand>", ""),
        LEVEL.replace("</StockLevel>", "<Blocked>maybe</Blocked></StockLevel>"),
        LEVEL.replace("</StockLevel>", '<Value currency="EUR">1E5</Value></StockLevel>'),
    ],
)
async def test_invalid_value_is_a_contract_error(level: str) -> None:
    result, backend = await execute(levels(level))
    assert result.errors[0]["extensions"]["code"] == "BACKEND_CONTRACT"
    assert len(backend.calls) == 1


async def test_duplicate_key_in_reply_is_a_bad_reply() -> None:
    result, _ = await execute(levels(LEVEL + LEVEL))
    assert result.errors[0]["extensions"]["code"] == "BACKEND_BAD_REPLY"


@pytest.mark.parametrize(
    "inside",
    [
        "",
        '<GetPriceResponse xmlns="urn:stock"/>',
        '<GetStockResponse xmlns="urn:other"/>',
        "<GetPriceResponse " + " ".join(f'a{n}=""' for n in range(100_000)) + "/>",
        f"<GetPriceResponse>{'&#65;' * 1_000_000}</GetPriceResponse>",
    ],
    ids=["nothing", "another element", "another namespace", "another with attributes", "another with a long text"],
)
async def test_envelope_without_the_result_is_a_contract_error(inside: str) -> None:
    result, _ = await execute(answer(inside))
    assert result.errors[0]["extensions"]["code"] == "BACKEND_CONTRACT"


@pytest.mark.parametrize("body", ["", "<html><body>Bad gateway</body></html>", answer("").text, "<half"])
async def test_failure_with_unusable_body_gives_the_error_of_the_status(body: str) -> None:
    result, _ = await execute(httpx.Response(502, content=body, headers=XML))
    assert result.errors[0]["extensions"]["code"] == "BACKEND_UNAVAILABLE"


LAUGHS = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "reply",
    [
        httpx.Response(200, html="<html><body>Sign in</body></html>"),
        httpx.Response(200, json={}),
        httpx.Response(200, content=b"", headers=XML),
        httpx.Response(200, content=levels().content[:150], headers=XML),
        httpx.Response(200, content=b"\x89PNG", headers=XML),
        httpx.Response(200, content=b"<html/>", headers=XML),
        httpx.Response(
            200, content=LAUGHS.encode() + levels("<StockLevel><Sku>&b;</Sku></StockLevel>").content, headers=XML
        ),
        httpx.Response(200, content=b'<!DOCTYPE x SYSTEM "file:///etc/passwd">' + levels().content, headers=XML),
        answer("<a>" * 100_000 + "</a>" * 100_000),
        answer("<a/>" * 1_900_000),
    ],
    ids=range(10),
)
async def test_reply_that_is_no_soap_message_is_a_bad_reply(reply: httpx.Response) -> None:
    result, _ = await execute(reply)
    assert result.errors[0]["extensions"]["code"] == "BACKEND_BAD_REPLY"
    assert result.errors[0]["extensions"]["backend"] == "depot"
    assert result.data == {"stock": None}


def fault_eleven(code: str, detail: str = "", status: int = 500) -> httpx.Response:
    inside = f"<faultcode>{code}</faultcode><faultstring>db down: pw=secret</faultstring><detail>{detail}</detail>"
    return answer(f'<e:Fault xmlns:w="urn:x">{inside}</e:Fault>', status=status)


def fault_twelve(code: str, sub: str = "", status: int = 500) -> httpx.Response:
    subcode = f"<e:Subcode><e:Value xmlns:w='urn:x'>w:{sub}</e:Value></e:Subcode>" if sub else ""
    reason = "<e:Reason><e:Text xml:lang='en'>secret</e:Text></e:Reason>"
    inside = f"<e:Fault><e:Code><e:Value>e:{code}</e:Value>{subcode}</e:Code>{reason}</e:Fault>"
    return answer(inside, envelope=TWELVE, status=status)


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("e:Server", "BACKEND_UNAVAILABLE"),
        ("e:Server.Database", "BACKEND_UNAVAILABLE"),
        ("e:Client", "BACKEND_REJECTED"),
        ("e:VersionMismatch", "BACKEND_CONTRACT"),
        ("w:FailedAuthentication", "BACKEND_CREDENTIALS"),
        ("odd", "BACKEND_UNAVAILABLE"),
    ],
)
async def test_fault_is_an_error_with_any_status(code: str, expected: str, status: int) -> None:
    result, _ = await execute(fault_eleven(code, status=status))
    assert result.errors[0]["extensions"]["code"] == expected
    assert "secret" not in str(result)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (fault_twelve("Receiver"), "BACKEND_UNAVAILABLE"),
        (fault_twelve("Sender", status=400), "BACKEND_REJECTED"),
        (fault_twelve("Sender", "FailedAuthentication"), "BACKEND_CREDENTIALS"),
        (fault_twelve("Sender", status=200), "BACKEND_REJECTED"),
        (fault_twelve("DataEncodingUnknown"), "BACKEND_CONTRACT"),
    ],
)
async def test_soap_12_fault_is_read(reply: httpx.Response, expected: str) -> None:
    result, _ = await execute(reply, port="Twelve")
    assert result.errors[0]["extensions"]["code"] == expected


async def test_fault_hook_reads_the_detail() -> None:
    detail = '<UnknownSku xmlns="urn:stock"><Sku>007</Sku></UnknownSku><other xmlns="urn:y">1</other>'
    result, _ = await execute(fault_eleven("e:Client", detail))
    assert result.errors[0]["message"] == "No 007."
    assert result.errors[0]["extensions"]["code"] == "NOT_FOUND"


SAYS_MORE = {
    401: "BACKEND_CREDENTIALS",
    403: "BACKEND_CREDENTIALS",
    404: "BACKEND_CONTRACT",
    408: "BACKEND_TIMEOUT",
    410: "BACKEND_CONTRACT",
    429: "BACKEND_BUSY",
    503: "BACKEND_UNAVAILABLE",
}
UNKNOWN = '<UnknownSku xmlns="urn:stock"><Sku>007</Sku></UnknownSku>'


@pytest.mark.parametrize("kind", ["Server", "Client"])
@pytest.mark.parametrize(("status", "expected"), SAYS_MORE.items())
async def test_status_outranks_the_fault(status: int, expected: str, kind: str, log: list[dict[str, Any]]) -> None:
    reply = fault_eleven(f"e:{kind}", status=status)
    reply.headers["retry-after"] = "7"
    result, _ = await execute(reply)
    extensions = result.errors[0]["extensions"]
    assert (extensions["code"], extensions.get("retryAfter")) == (expected, 7 if status in (429, 503) else None)
    assert f"fault {kind}: db down" in log[-1]["internal"]


async def test_status_outranks_a_fault_with_unreadable_detail(log: list[dict[str, Any]]) -> None:
    odd = '<UnknownSku xmlns="urn:stock"><Sku><odd/></Sku></UnknownSku>'
    result, _ = await execute(fault_eleven("e:Server", odd, 403))
    assert result.errors[0]["extensions"]["code"] == "BACKEND_CREDENTIALS"
    assert "<Sku> holds elements" in log[-1]["internal"]


async def test_defect_in_fault_hook_does_not_hide_the_fault(log: list[dict[str, Any]]) -> None:
    for status, code in ((400, "BACKEND_REJECTED"), (403, "BACKEND_CREDENTIALS")):
        with declaring():
            result, _ = await execute(fault_eleven("e:Client", '<UnknownSku xmlns="urn:stock"/>', status))
        assert result.errors[0]["extensions"]["code"] == code
        assert re.search(r"fault Client: .*; KeyError at .*test_soap_adapter\.py:\d+: 'Sku'", log[-1]["internal"])


@pytest.mark.parametrize("status", [200, 400, *SAYS_MORE, 500, 504])
async def test_fault_mapped_by_the_adapter_outranks_the_status(status: int) -> None:
    reply = fault_eleven("e:Client", UNKNOWN, status)
    reply.headers["retry-after"] = "7"
    result, _ = await execute(reply)
    assert result.errors[0]["message"] == "No 007."


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (httpx.Response(503, html="<h1>Down</h1>"), "BACKEND_UNAVAILABLE"),
        (httpx.Response(401), "BACKEND_CREDENTIALS"),
        (httpx.Response(404, html="<h1>Nothing here</h1>"), "BACKEND_CONTRACT"),
        (httpx.Response(410), "BACKEND_CONTRACT"),
        (httpx.Response(202), "BACKEND_BAD_REPLY"),
        (httpx.Response(302, headers={"location": "https://evil.test"}), "BACKEND_BAD_REPLY"),
        (levels(status=500), "BACKEND_UNAVAILABLE"),
    ],
)
async def test_status_decides_without_a_fault(reply: httpx.Response, expected: str) -> None:
    result, _ = await execute(reply)
    assert result.errors[0]["extensions"]["code"] == expected


async def test_characters_illegal_in_xml_are_bad_input() -> None:
    result, backend = await execute(levels(), '{ stock(sku: "a\\u0000b") { onHand } }')
    assert result.errors[0]["extensions"]["code"] == "BAD_INPUT"
    assert backend.calls == []


async def test_key_with_illegal_characters_does_not_fail_other_keys() -> None:
    result, backend = await execute(
        levels(), '{ a: stock(sku: "007") { onHand } b: stock(sku: "a\\u0001b") { onHand } }'
    )
    assert result.data == {"a": {"onHand": "3"}, "b": None}
    assert [(error["path"], error["extensions"]["code"]) for error in result.errors] == [(["b"], "BAD_INPUT")]
    assert len(backend.calls) == 1


async def test_fault_for_one_key_does_not_fail_other_keys() -> None:
    fault = fault_eleven("soap:Client", '<UnknownSku xmlns="urn:stock"><Sku>8</Sku></UnknownSku>')

    def reply(request: httpx.Request) -> httpx.Response:
        return fault if b">8<" in request.content else levels()

    result, _ = await execute(reply, '{ a: stock(sku: "007") { onHand } b: stock(sku: "8") { onHand } }')
    assert result.data == {"a": {"onHand": "3"}, "b": None}
    assert [(error["path"], error["message"]) for error in result.errors] == [(["b"], "No 8.")]


@pytest.mark.parametrize(
    ("port", "kind", "action"),
    [
        ("Eleven", "text/xml; charset=utf-8", '"urn:stock/GetStock"'),
        ("Twelve", 'application/soap+xml; charset=utf-8; action="urn:stock/GetStock"', None),
    ],
)
async def test_request_has_the_headers_and_envelope_of_its_version(port: str, kind: str, action: str | None) -> None:
    envelope = ELEVEN if port == "Eleven" else TWELVE
    result, backend = await execute(levels(envelope=envelope), '{ stock(sku: "<0&7>") { onHand } }', port=port)
    [call] = backend.calls
    assert (call.url.host, call.headers["content-type"], call.headers.get("soapaction")) == ("depot.test", kind, action)
    sent = etree.fromstring(call.content)
    assert sent.tag == f"{{{envelope}}}Envelope"
    assert [sku.text for sku in sent.iter("{urn:stock}Sku")] == ["<0&7>"]
    assert b"depot-password" in call.content
    assert result.data == {"stock": None}


async def test_long_list_in_another_namespace_is_read() -> None:
    foreign = LEVEL.replace("<StockLevel>", '<o:StockLevel xmlns:o="urn:other">').replace("</Stock", "</o:Stock")
    result, _ = await execute(levels("".join(foreign.replace("007", f"00{n}") for n in range(9))))
    assert result.data == {"stock": {"onHand": "3"}}


async def test_batch_of_keys_is_one_soap_call() -> None:
    backend = FakeBackend({"POST /": levels(LEVEL + LEVEL.replace("007", "008"))})
    async with depot().running(transports=fakes(depot=backend)) as graph:
        data = await ask(
            graph, '{ a: stock(sku: "007") { sku } b: stock(sku: "008") { sku } c: stock(sku: "9") { sku } }'
        )
    assert data == {"a": {"sku": "007"}, "b": {"sku": "008"}, "c": None}
    assert len(backend.calls) == 1
