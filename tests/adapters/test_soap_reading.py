"""Our readers of SOAP replies beside zeep's own: the same values wherever zeep keeps them, and where it loses some."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from lxml import etree
from zeep import Client
from zeep.helpers import serialize_object

from graphfold.adapter.soap.contract import Contract
from graphfold.adapter.soap.message import message_in, parse
from graphfold.graph.runtime import network
from tests.e2e.gateway import ROOT, gateway

pytestmark = pytest.mark.anyio

_plain: Any = serialize_object  # zeep has no types

BACKENDS = ("inventory", "billing")
QUERIES = (
    "{ products(first: 60) { nodes { stock { onHand } } } }",
    "{ customers(first: 40) { nodes { balance { asOf } invoices(first: 20) { nodes { number } } } } }",
    '{ a: invoice(id: "2026-000001") { number } b: invoice(id: "2024-000002") { number } }',
)


def wsdl_of(backend: str) -> Path:
    return ROOT / "adapters" / backend / f"{backend}.wsdl"


class Recorded(NamedTuple):
    operation: str
    reply: bytes


class Recorder(httpx.AsyncBaseTransport):
    """The real network, with a copy of every reply."""

    def __init__(self, name: str) -> None:
        self.inner = network(name)
        self.replies: list[Recorded] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self.inner.handle_async_request(request)
        body = await response.aread()
        await response.aclose()
        sent = message_in(etree.fromstring(request.content))
        self.replies.append(Recorded(etree.QName(sent).localname, body))
        return httpx.Response(response.status_code, headers=response.headers, content=body)

    async def aclose(self) -> None:
        await self.inner.aclose()


@pytest.fixture
async def recorded(shared_sandbox: str) -> dict[str, list[Recorded]]:
    """What both SOAP backends replied to the queries."""
    recorders = {name: Recorder(name) for name in BACKENDS}
    async with gateway(shared_sandbox, lambda name: recorders.get(name) or network(name)) as graph:
        for query in QUERIES:
            await graph.ask(query)
    return {name: recorder.replies for name, recorder in recorders.items()}


def zeep_reader(backend: str) -> Callable[[Recorded], Any]:
    """zeep's deserialiser with its usual settings."""
    client = Client(str(wsdl_of(backend)))  # type: ignore[no-untyped-call]
    [port] = [port for service in client.wsdl.services.values() for port in service.ports.values()]

    def read(recorded: Recorded) -> Any:
        operation = port.binding.get(recorded.operation)
        return _plain(operation.process_reply(etree.fromstring(recorded.reply)), dict)

    return read


def our_reader(backend: str) -> Callable[[Recorded], Any]:
    contract = Contract(wsdl_of(backend))
    return lambda recorded: contract.answer(recorded.operation, message_in(parse(recorded.reply)), None)


def plain(value: Any) -> Any:
    """Ours in zeep's shape: attributes have no mark there, and a list's empty parent is None."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    told = {name.removeprefix("@"): plain(item) for name, item in value.items()}
    return None if told == {"Payment": []} else told


def leaves(value: Any) -> Iterator[Any]:
    """Every value that holds no others; members of a dict by name, since order means nothing there."""
    if isinstance(value, dict):
        value = [item for _, item in sorted(value.items())]
    if isinstance(value, list):
        for item in value:
            yield from leaves(item)
    else:
        yield value


@pytest.mark.parametrize("backend", BACKENDS)
async def test_both_read_the_same_from_what_the_backends_say(recorded: dict[str, list[Recorded]], backend: str) -> None:
    ours, zeeps = our_reader(backend), zeep_reader(backend)
    assert recorded[backend]
    for one in recorded[backend]:
        read, expected = plain(ours(one)), zeeps(one)
        assert read == expected
        assert list(map(repr, leaves(read))) == list(map(repr, leaves(expected)))  # 12.30 is not 12.3, nor "12.30"


async def test_every_operation_was_among_them(recorded: dict[str, list[Recorded]]) -> None:
    assert {one.operation for one in recorded["inventory"]} == {"GetStock"}
    assert {one.operation for one in recorded["billing"]} == {"GetBalance", "GetInvoice", "ListInvoices"}


SOAP11, DEPOT = "http://schemas.xmlsoap.org/soap/envelope/", "http://depot.example/inventory/2"
LEVEL = "<StockLevel><Sku>{sku}</Sku><OnHand>{count}</OnHand><Reserved>0</Reserved>{more}</StockLevel>"


def stock_reply(sku: str = "0001", count: str = "3", more: str = "") -> Recorded:
    level = LEVEL.format(sku=sku, count=count, more=more)
    body = f'<GetStockResponse xmlns="{DEPOT}">{level}</GetStockResponse>'
    return Recorded("GetStock", f'<s:Envelope xmlns:s="{SOAP11}"><s:Body>{body}</s:Body></s:Envelope>'.encode())


TEXTS = ["0001", "", "  ", " 7 ", "1e5", "&lt;&amp;", "<![CDATA[<b>]]>", "Łódź", "a<!-- b -->c", "true", "null"]


@pytest.mark.parametrize("text", TEXTS)
def test_text_is_what_the_wire_says(text: str) -> None:
    [level] = our_reader("inventory")(stock_reply(sku=text))
    said = text.replace("<!-- b -->", "").replace("<![CDATA[", "").replace("]]>", "")
    assert level["Sku"] == said.replace("&lt;", "<").replace("&amp;", "&")
    if text and "!--" not in text:  # zeep makes None of an empty text, and stops at a comment
        assert zeep_reader("inventory")(stock_reply(sku=text))[0]["Sku"] == level["Sku"]


@pytest.mark.parametrize(("text", "number"), [("3", 3), (" 12 ", 12), ("-1", -1), ("+5", 5), ("007", 7)])
def test_numbers_are_what_the_schema_says(text: str, number: int) -> None:
    [level] = our_reader("inventory")(stock_reply(count=text))
    assert level["OnHand"] == number == zeep_reader("inventory")(stock_reply(count=text))[0]["OnHand"]


def test_what_the_contract_does_not_know_is_passed_over() -> None:
    more = '<Colour xmlns="">red</Colour><Warehouse><Code>01</Code><Shelf>9</Shelf><Quantity>2</Quantity></Warehouse>'
    [level] = our_reader("inventory")(stock_reply(more=more))
    assert level["Warehouse"] == [{"Code": "01", "Quantity": 2}]


def test_a_single_element_of_a_list_is_a_list_and_none_is_an_empty_one() -> None:
    one = "<Warehouse><Code>01</Code><Quantity>2</Quantity></Warehouse>"
    for count in range(3):
        [level] = our_reader("inventory")(stock_reply(more=one * count))
        assert level["Warehouse"] == [{"Code": "01", "Quantity": 2}] * count
