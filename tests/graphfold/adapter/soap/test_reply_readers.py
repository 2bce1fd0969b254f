"""Parsing of SOAP replies, paths to the result, and replies of all sizes."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import Annotated, Any, cast

import httpx
import pytest

from graphfold import Row, SoapAdapter, Wire
from graphfold.adapter.soap.envelope import MAX_NODES, body_element, parse_reply
from graphfold.adapter.soap.plain_data import PlainReaders
from graphfold.adapter.soap.reply_readers import reply_reader
from graphfold.adapter.soap.row_readers import row_reader
from graphfold.loading.scope import OperationScope, SharedResources
from graphfold.resilience import Resilience
from graphfold.resilience.guard import Guard
from graphfold.rows.decoder import Malformed, Unreadable, decoder_for
from graphfold.testing import declaring
from graphfold.transport.call import CallLimits
from graphfold.transport.client import Client
from graphfold.transport.session import Session
from graphfold.viewer import Viewer
from tests.graphfold.adapter.soap.contracts import BILLING, INVENTORY, LEDGER, element_type

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
XSI = "http://www.w3.org/2001/XMLSchema-instance"


def envelope(inside: str) -> bytes:
    return f'<s:Envelope xmlns:s="{SOAP}"><s:Body>{inside}</s:Body></s:Envelope>'.encode()


def stock(inside: str) -> Any:
    return body_element(
        parse_reply(envelope(f'<GetStockResponse xmlns="http://depot.example/inventory/2">{inside}</GetStockResponse>'))
    )


with declaring():

    class LevelRow(Row[Any]):
        sku: Annotated[str | None, Wire("Sku")]
        on_hand: Annotated[int, Wire("OnHand")]

    class Depot(SoapAdapter):
        wsdl = INVENTORY.wsdl
        identity = "service"


LEVELS = decoder_for(list[LevelRow], lambda _: frozenset()).wire


def test_row_reader_has_its_source_as_docstring() -> None:
    level = dict(element_type(INVENTORY, "{http://depot.example/inventory/2}GetStockResponse").elements)["StockLevel"]
    source = row_reader(PlainReaders(), level.type, decoder_for(LevelRow, lambda _: frozenset()).wire).__doc__
    assert (
        source
        == """\
def read(element):
    if not len(element) and is_nil(element):
        return fallback(element)
    f0 = UNSET
    f1 = UNSET
    for child in element:
        tag = child.tag
        if tag == '{http://depot.example/inventory/2}Sku':
            f0 = child.text
            if not f0 or len(child):
                f0 = read0(child)
        elif tag == '{http://depot.example/inventory/2}OnHand':
            f1 = child.text
            if f1 and f1.isdecimal() and f1.isascii() and len(f1) < 19 and not len(child):
                f1 = int(f1)
            else:
                f1 = read1(child)
            if f0 is not UNSET and f1 is not UNSET:
                break
        elif tag not in skipped and local_name(tag) in needed:
            return fallback(element)
    if f0 is UNSET or f1 is UNSET:
        return fallback(element)
    return new(sku=f0, on_hand=f1)
"""
    )


def test_undeclared_xsi_prefix_of_node_soap_is_accepted() -> None:
    message = stock('<StockLevel><Sku xsi:nil="true"/><OnHand>1</OnHand></StockLevel>')
    [level] = INVENTORY.read_reply("GetStock", message, None, LEVELS)
    assert (level.sku, level.on_hand) == (None, 1)


@pytest.mark.parametrize(
    "body", [b"", b"<a", b"<a xsi:b='1'><c></a>", b"\xff\xfe", b"<a b:c='1'/>", envelope("&undefined;")]
)
def test_body_that_is_not_xml_is_malformed(body: bytes) -> None:
    with pytest.raises(Unreadable, match="well-formed"):
        parse_reply(body)


MANY = {
    "elements": "<a></a>",
    "with texts": "<a>x</a>y",
    "attributes": '<a b="" c="" d="" e="" f="" g="" h="" i="" j=""/>',
}


@pytest.mark.parametrize("item", MANY.values(), ids=MANY)
def test_message_over_the_node_limit_is_malformed(item: str) -> None:
    """The size limit is not enough, since elements take more memory: 7.6 MB of reply took 220 MB."""
    each = item.count("=") + 1
    fits = MAX_NODES // each - 5
    assert len(body_element(parse_reply(envelope(f"<r>{item * fits}</r>")))) == fits
    with pytest.raises(Malformed, match="more than 150,000 elements and attributes"):
        parse_reply(envelope(f"<r>{item * (fits + 5)}</r>"))


def test_long_text_does_not_count_against_the_node_limit() -> None:
    text = "&lt;a b=&quot;c&quot;/&gt;" * 50_000
    assert body_element(parse_reply(envelope(f"<r>{text}</r>"))).text.startswith('<a b="c"/>')


def test_unreadable_value_is_reported_with_its_path() -> None:
    message = stock("<StockLevel><Sku>a</Sku></StockLevel>" * 3)
    with pytest.raises(Unreadable, match=r"`OnHand` - at `\$\[0\]`"):
        INVENTORY.read_reply("GetStock", message, None, LEVELS)


def test_elements_inside_a_value_are_refused() -> None:
    include = '<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>'
    for sku in (include, f"a{include}b"):
        with pytest.raises(Unreadable):
            INVENTORY.read_reply(
                "GetStock", stock(f"<StockLevel><Sku>{sku}</Sku><OnHand>1</OnHand></StockLevel>"), None, LEVELS
            )


BALANCE = '<GetBalanceResponse xmlns="http://ledger.example/billing/2019/07">{}</GetBalanceResponse>'


@pytest.mark.parametrize(
    ("at", "into", "inside", "found"),
    [
        ("Balance.@currency", str, '<Balance currency="EUR"/>', "EUR"),
        ("Balance.Open", str | None, "<Balance/>", None),
        ("Balance.Open", str | None, "", None),
        ("Balance.Nowhere", int | None, "<Balance/>", None),
        (
            "Balance",
            dict[str, Any],
            "<Balance><Open>1.0</Open><New/></Balance>",
            {"Open": Decimal("1.0")},
        ),
    ],
)
def test_paths_to_attributes_lists_and_nothing(at: str, into: Any, inside: str, found: Any) -> None:
    message = body_element(parse_reply(envelope(BALANCE.format(inside))))
    assert BILLING.read_reply("GetBalance", message, at, into) == found


def test_rpc_reply_element_may_have_any_name() -> None:
    message = body_element(parse_reply(envelope('<r:countOut xmlns:r="urn:ledger"><count>3</count></r:countOut>')))
    assert LEDGER.read_reply("Count", message, "count", int) == 3


def test_path_through_a_list_gives_nothing() -> None:
    wire = decoder_for(list[LevelRow] | None, lambda _: frozenset()).wire
    read = reply_reader(
        element_type(INVENTORY, "{http://depot.example/inventory/2}GetStockResponse"), ["StockLevel", "Warehouse"], wire
    )
    assert read(stock("<StockLevel/>")) is None


@pytest.mark.anyio
@pytest.mark.parametrize("count", [1, 5000])
async def test_large_replies_are_read_in_a_thread_with_the_same_result(count: int) -> None:
    level = "<StockLevel><Sku>a</Sku><OnHand>1</OnHand><Reserved>0</Reserved></StockLevel>"
    body = envelope(f'<GetStockResponse xmlns="http://depot.example/inventory/2">{level * count}</GetStockResponse>')
    reply = httpx.Response(200, content=body, headers={"content-type": "text/xml"})
    client = Client("http://depot.test", httpx.MockTransport(lambda _: reply), CallLimits(), lambda _: Session())
    backend = SimpleNamespace(contract=INVENTORY, client=client, guard=Guard("depot", Resilience(), 5, {}))
    home = cast("SharedResources", SimpleNamespace(backend=lambda _: backend))
    depot = Depot(OperationScope(home, Viewer(), dict))
    levels = await depot.invoke("GetStock", list[LevelRow], Sku=["a"])
    assert [(level.sku, level.on_hand) for level in levels] == [("a", 1)] * count
