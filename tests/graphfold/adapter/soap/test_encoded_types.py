"""rpc/encoded backends (SOAP 1.1 section 5): the WSDL loads without network, references are resolved and bounded."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import httpx
import pytest
import strawberry
from lxml import etree

from graphfold import Keys, Row, SoapAdapter, Wire, batch, by, resolves
from graphfold.adapter.soap.contract import Contract
from graphfold.graph.graph import Graph
from graphfold.mistakes import Mistake
from graphfold.testing import FakeBackend, fakes, graph_of

pytestmark = pytest.mark.anyio

WSDL = Path(__file__).with_name("shop.wsdl")
ENCODING = "http://schemas.xmlsoap.org/soap/encoding/"
QUERY = '{ a: price(sku: "007") { ...f } b: price(sku: "008") { ...f } } '
FIELDS = "fragment f on Price { sku amount pieces maker tags }"
PLAIN = '<p><sku>007</sku><amount>12.30</amount><pieces xsi:nil="true"/></p>'


def shop() -> Graph:
    @strawberry.type
    class Price:
        sku: str
        amount: Decimal
        pieces: int | None
        maker: str | None
        tags: list[str] | None

    @strawberry.type
    class Query:
        pass

    class PriceRow(Row[Price], key="sku"):
        sku: str
        amount: Decimal
        pieces: int | None
        maker: Annotated[str | None, Wire("maker.name")] = None
        tags: Annotated[list[str] | None, Wire("tags.item")] = None

    class Shop(SoapAdapter):
        wsdl = WSDL
        identity = "service"

        @batch()
        async def prices(self, skus: Keys[str]) -> dict[str, PriceRow]:
            rows = await self.invoke("prices", list[PriceRow], skus={"item": skus}, currency="EUR")
            return by(rows, lambda row: row.sku)

    @resolves(Query)
    async def price(sku: str, shop: Shop) -> Price | None:
        return await shop.prices.find(sku)

    return graph_of()


def reply(prices: str, beside: str = "") -> httpx.Response:
    text = f"""<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:c="{ENCODING}"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"><e:Body>
    <s:pricesResponse xmlns:s="urn:shop" e:encodingStyle="{ENCODING}">{prices}</s:pricesResponse>{beside}
    </e:Body></e:Envelope>"""
    return httpx.Response(200, text=text, headers={"content-type": "text/xml; charset=utf-8"})


def value(name: str, inside: str, more: str = "") -> str:
    return f'<multiRef id="{name}" c:root="0" e:encodingStyle="{ENCODING}" {more}>{inside}</multiRef>'


def listed(inside: str) -> str:
    return f'<pricesReturn c:arrayType="s:Price[]" xsi:type="c:Array">{inside}</pricesReturn>'


async def execute(answer: httpx.Response) -> tuple[Any, FakeBackend]:
    backend = FakeBackend({"POST /": answer})
    async with shop().running(transports=fakes(shop=backend)) as graph:
        return await graph.execute(QUERY + FIELDS), backend


async def test_multiref_values_are_read_in_place() -> None:
    prices = '<pricesReturn href="#id0"/>'
    beside = "".join(
        [
            value("id0", '<price href="#id1"/><price href="#id2"/>', 'c:arrayType="s:Price[2]" xsi:type="c:Array"'),
            value(
                "id1", '<sku>007</sku><amount href="#id3"/><pieces href="#id4"/><new href="#id4"/><maker href="#id5"/>'
            ),
            value(
                "id2",
                '<sku>008</sku><amount href="#id3"/><pieces xsi:nil="true"/><maker href="#id5"/><tags href="#id6"/>',
            ),
            value("id3", "12.30", 'xsi:type="c:decimal"'),
            value("id4", "7", 'xsi:type="xsd:int"'),
            value("id5", '<name xsi:type="c:string">Ada &amp; Co</name>'),
            value("id6", "<a>new</a><b> red </b>", 'c:arrayType="c:string[2]"'),
        ]
    )
    result, _ = await execute(reply(prices, beside))
    assert not result.errors
    both = {"amount": "12.30", "maker": "Ada & Co"}
    assert result.data == {
        "a": {"sku": "007", "pieces": 7, "tags": None, **both},
        "b": {"sku": "008", "pieces": None, "tags": ["new", " red "], **both},
    }


@pytest.mark.parametrize("name", ["item", "p", "c:Struct"])
async def test_array_items_may_have_any_name(name: str) -> None:
    item = PLAIN.replace("<p>", f"<{name}>").replace("</p>", f"</{name}>")
    result, _ = await execute(reply(listed("".join(item.replace("007", f"00{n}") for n in range(8)))))
    assert result.data["a"] == {"sku": "007", "amount": "12.30", "pieces": None, "maker": None, "tags": None}
    assert result.data["b"] is None


async def test_lists_are_sent_as_array_items() -> None:
    _, backend = await execute(reply(listed("")))
    sent: Any = etree.fromstring(backend.calls[0].content)
    [call] = sent.iter("{urn:shop}prices")
    assert [item.text for item in call.find("skus")] == ["007", "008"]
    assert call.findtext("currency") == "EUR"


def bomb() -> str:
    """Return values that each refer to the next ten times: a million copies of the last."""
    steps = [value(f"id{n}", f'<maker href="#id{n + 1}"/>' * 10) for n in range(6)]
    return "".join([*steps, value("id6", "<name>boom</name>")])


@pytest.mark.parametrize(
    "beside",
    [
        value("id9", "beside the point"),
        value("id0", '<p><maker href="#id0"/></p>'),
        value("id0", '<p><maker href="#id1"/></p>') + value("id1", '<name href="#id0"/>'),
        value("id0", "", 'href="#id1"') + value("id1", PLAIN),
        "".join(value(f"id{n}", f'<p><maker href="#id{n + 1}"/></p>') for n in range(99)) + value("id99", ""),
        bomb(),
        value("id0", '<p href="#id1"/>' * 2_000) + value("id1", "x" * 100_000),
        value("id0", '<p href="#id1"/>' * 100) + value("id1", "<a/>" * 2_000),
        "",
    ],
    ids=[
        *("nowhere", "itself", "a circle", "a chain", "too deep"),
        *("a bomb", "a long text", "many elements", "nothing beside"),
    ],
)
async def test_endless_or_oversized_references_are_a_bad_reply(beside: str) -> None:
    result, _ = await execute(reply('<pricesReturn href="#id0"/>', beside))
    assert {error["extensions"]["code"] for error in result.errors} == {"BACKEND_BAD_REPLY"}


@pytest.mark.parametrize("location", ["", f'schemaLocation="{ENCODING}"'])
def test_encoding_schema_needs_no_network(tmp_path: Path, location: str) -> None:
    file = tmp_path / "shop.wsdl"
    file.write_text(WSDL.read_text().replace(f'namespace="{ENCODING}"/>', f'namespace="{ENCODING}" {location}/>', 1))
    assert Contract(file).argument_names("prices") == ["skus", "currency"]


def test_other_schemas_are_not_fetched(tmp_path: Path) -> None:
    file = tmp_path / "shop.wsdl"
    elsewhere = 'namespace="urn:x" schemaLocation="http://schemas.xmlsoap.org/soap/other/"/>'
    file.write_text(WSDL.read_text().replace(f'namespace="{ENCODING}"/>', elsewhere, 1))
    with pytest.raises(Mistake, match="not in the WSDL's folder"):
        Contract(file)
