"""The engine's reader of SOAP replies compared with zeep's: the same values, save where zeep loses some."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from lxml import etree
from zeep import Client
from zeep.helpers import serialize_object

from graphfold.adapter.soap.contract import Contract
from graphfold.adapter.soap.envelope import body_element, parse_reply
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
    """The real network, keeping a copy of every reply."""

    def __init__(self, name: str) -> None:
        self.inner = network(name)
        self.replies: list[Recorded] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self.inner.handle_async_request(request)
        body = await response.aread()
        await response.aclose()
        sent = body_element(etree.fromstring(request.content))
        self.replies.append(Recorded(etree.QName(sent).localname, body))
        return httpx.Response(response.status_code, headers=response.headers, content=body)

    async def aclose(self) -> None:
        await self.inner.aclose()


@pytest.fixture
async def recorded(shared_sandbox: str) -> dict[str, list[Recorded]]:
    """Return what both SOAP backends replied to the queries."""
    recorders = {name: Recorder(name) for name in BACKENDS}
    async with gateway(shared_sandbox, lambda name: recorders.get(name) or network(name)) as graph:
        for query in QUERIES:
            await graph.ask(query)
    return {name: recorder.replies for name, recorder in recorders.items()}


@cache
def zeep_reader(backend: str) -> Callable[[Recorded], Any]:
    """Return zeep's deserialiser with its default settings."""
    client = Client(str(wsdl_of(backend)))  # type: ignore[no-untyped-call]
    [port] = [port for service in client.wsdl.services.values() for port in service.ports.values()]

    def read(recorded: Recorded) -> Any:
        operation = port.binding.get(recorded.operation)
        return _plain(operation.process_reply(etree.fromstring(recorded.reply)), dict)

    return read


@cache
def own_reader(backend: str) -> Callable[[Recorded], Any]:
    contract = Contract(wsdl_of(backend))
    return lambda recorded: contract.read_reply(recorded.operation, body_element(parse_reply(recorded.reply)), None)


def plain(value: Any) -> Any:
    """Return our value in zeep's form, where attributes have no mark and the parent of an empty list is None."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    plain_items = {name.removeprefix("@"): plain(item) for name, item in value.items()}
    return None if plain_items == {"Payment": []} else plain_items


def leaves(value: Any) -> Iterator[Any]:
    """Yield every value that holds no others, with the members of a dict in the order of their names."""
    if isinstance(value, dict):
        value = [item for _, item in sorted(value.items())]
    if isinstance(value, list):
        for item in value:
            yield from leaves(item)
    else:
        yield value


@pytest.mark.parametrize("backend", BACKENDS)
async def test_both_readers_give_the_same_values(recorded: dict[str, list[Recorded]], backend: str) -> None:
    own, zeeps = own_reader(backend), zeep_reader(backend)
    assert recorded[backend]
    for each in recorded[backend]:
        read, expected = plain(own(each)), zeeps(each)
        assert read == expected
        assert list(map(repr, leaves(read))) == list(map(repr, leaves(expected)))  # 12.30 is not 12.3, nor "12.30"


async def test_recordings_cover_every_operation(recorded: dict[str, list[Recorded]]) -> None:
    assert {each.operation for each in recorded["inventory"]} == {"GetStock"}
    assert {each.operation for each in recorded["billing"]} == {"GetBalance", "GetInvoice", "ListInvoices"}


SOAP11, DEPOT = "http://schemas.xmlsoap.org/soap/envelope/", "http://depot.example/inventory/2"
LEVEL = "<StockLevel><Sku>{sku}</Sku><OnHand>{count}</OnHand><Reserved>0</Reserved>{more}</StockLevel>"


def stock_reply(sku: str = "0001", count: str = "3", more: str = "") -> Recorded:
    level = LEVEL.format(sku=sku, count=count, more=more)
    body = f'<GetStockResponse xmlns="{DEPOT}">{level}</GetStockResponse>'
    return Recorded("GetStock", f'<s:Envelope xmlns:s="{SOAP11}"><s:Body>{body}</s:Body></s:Envelope>'.encode())


TEXTS = ["0001", "", "  ", " 7 ", "1e5", "&lt;&amp;", "<![CDATA[<b>]]>", "Łódź", "a<!-- b -->c", "true", "null"]


@pytest.mark.parametrize("text", TEXTS)
def test_text_is_read_unchanged(text: str) -> None:
    [level] = own_reader("inventory")(stock_reply(sku=text))
    expected = text.replace("<!-- b -->", "").replace("<![CDATA[", "").replace("]]>", "")
    assert level["Sku"] == expected.replace("&lt;", "<").replace("&amp;", "&")
    if text and "!--" not in text:  # zeep reads an empty text as None, and stops at a comment
        assert zeep_reader("inventory")(stock_reply(sku=text))[0]["Sku"] == level["Sku"]


@pytest.mark.parametrize(("text", "number"), [("3", 3), (" 12 ", 12), ("-1", -1), ("+5", 5), ("007", 7)])
def test_numbers_are_read_by_the_schema(text: str, number: int) -> None:
    [level] = own_reader("inventory")(stock_reply(count=text))
    assert level["OnHand"] == number == zeep_reader("inventory")(stock_reply(count=text))[0]["OnHand"]


def test_elements_outside_the_contract_are_ignored() -> None:
    more = '<Colour xmlns="">red</Colour><Warehouse><Code>01</Code><Shelf>9</Shelf><Quantity>2</Quantity></Warehouse>'
    [level] = own_reader("inventory")(stock_reply(more=more))
    assert level["Warehouse"] == [{"Code": "01", "Quantity": 2}]


def test_list_of_zero_or_one_elements_is_a_list() -> None:
    one = "<Warehouse><Code>01</Code><Quantity>2</Quantity></Warehouse>"
    for count in range(3):
        [level] = own_reader("inventory")(stock_reply(more=one * count))
        assert level["Warehouse"] == [{"Code": "01", "Quantity": 2}] * count
