"""Long lists are read from a reply's text where that is sure to say the same as reading it as XML, and only there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.inventory.adapter import StockRow
from graphfold.adapter.soap.contract import Contract
from graphfold.adapter.soap.message import MOST, message_in, parse
from graphfold.rows.decoder import Unreadable, decoder_for

WSDL = Path(__file__).parents[2] / "adapters" / "inventory" / "inventory.wsdl"
OPERATION = "GetStock"
WIRE: dict[tuple[str, ...], Any] = {
    wanted: decoder_for(list[StockRow], lambda _, w=wanted: frozenset(w)).wire  # type: ignore[misc]  # a lambda's default
    for wanted in ((), ("warehouses",), ("reserved", "warehouses"))
}

ODDITIES = (
    "<!-- x -->",
    "<?x y?>",
    "<![CDATA[7]]>",
    "&amp;",
    "&#49;",
    "]]>",
    "\r",
    "\ufffe",
    "\x0b",
    " ",
    "\n",
    "7",
    "-",
    "é",
    "<i:Reserved>1</i:Reserved>",
    "<i:Sku>8</i:Sku>",
    '<i:Reserved xmlns:i="http://other.example">1</i:Reserved>',
    "<i:Sku/>",
    "<i:Other>1</i:Other>",
    "<",
    ">",
    "</i:StockLevel><i:StockLevel>",
    ' xsi:nil="true"',
    "</i:GetStockResponse>",
)
"""What may stand where nobody expects it."""


def reply(levels: Sequence[str], *, blank: str = "", prefix: str = "i") -> bytes:
    names = blank.join(levels)
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><s:Body>'
        f'<i:GetStockResponse xmlns:i="http://depot.example/inventory/2">{blank}{names}{blank}</i:GetStockResponse>'
        "</s:Body></s:Envelope>"
    )
    return text.replace("i:", f"{prefix}:").replace("xmlns:i=", f"xmlns:{prefix}=").encode()


def level(sku: str, on_hand: int, shelves: Sequence[int] = (), blank: str = "", reserved: int | None = 3) -> str:
    told = [f"<i:Sku>{sku}</i:Sku>", f"<i:OnHand>{on_hand}</i:OnHand>"]
    told += [] if reserved is None else [f"<i:Reserved>{reserved}</i:Reserved>"]
    told += [
        f"<i:Warehouse>{blank}<i:Code>{n:04d}</i:Code>{blank}<i:Quantity>{n}</i:Quantity>{blank}</i:Warehouse>"
        for n in shelves
    ]
    return f"<i:StockLevel>{blank}{blank.join(told)}{blank}</i:StockLevel>"


def as_xml(contract: Contract, body: bytes, wire: Any) -> Any:
    """The answer read as XML, which the scanner may learn from; the error's class where it cannot be read."""
    try:
        return contract.answer(OPERATION, message_in(parse(body)), None, wire, reply=body)
    except Unreadable:
        return Unreadable


@pytest.fixture
def contract() -> Contract:
    return Contract(WSDL)


@pytest.mark.parametrize("wanted", WIRE, ids=str)
@pytest.mark.parametrize("blank", ["", "\n    "])
def test_a_reply_like_one_before_is_read_from_its_text(contract: Contract, wanted: tuple[str, ...], blank: str) -> None:
    def asked(start: int) -> bytes:
        return reply([level(f"SKU {n}é", n, range(n % 3), blank) for n in range(start, start + 20)], blank=blank)

    wire = WIRE[wanted]
    assert contract.scanned(OPERATION, asked(0), None, wire) is None
    as_xml(contract, asked(0), wire)
    scanned = contract.scanned(OPERATION, asked(500), None, wire)
    assert scanned is not None
    assert scanned == as_xml(contract, asked(500), wire)


@given(
    wanted=st.sampled_from(list(WIRE)),
    blank=st.sampled_from(["", "\n  "]),
    levels=st.lists(
        st.builds(
            level,
            st.text(max_size=5).map(lambda text: text.replace("<", "").replace("&", "")),
            st.integers(-(10**20), 10**20),
            st.lists(st.integers(0, 9), max_size=3),
            st.sampled_from(["", "\n  "]),
            st.none() | st.integers(0, 9),
        ),
        max_size=12,
    ),
    oddities=st.lists(st.tuples(st.sampled_from(ODDITIES), st.floats(0, 1)), max_size=3),
)
def test_whatever_comes_is_read_as_xml_says_or_left_to_it(
    wanted: tuple[str, ...], blank: str, levels: list[str], oddities: list[tuple[str, float]]
) -> None:
    contract, wire = CONTRACT, WIRE[wanted]
    as_xml(contract, reply([level("a", 1, [1])] * 10, blank=blank), wire)
    text = reply(levels, blank=blank).decode(errors="replace")
    for oddity, place in oddities:
        at = int(place * len(text))
        text = text[:at] + oddity + text[at:]
    scanned = contract.scanned(OPERATION, text.encode(errors="replace"), None, wire)
    if scanned is not None:
        assert scanned == as_xml(contract, text.encode(errors="replace"), wire)


CONTRACT = Contract(WSDL)


def test_it_learns_again_when_a_backend_begins_to_write_otherwise(contract: Contract) -> None:
    wire = WIRE[()]
    for prefix in ("i", "stock", "ns1"):
        body = reply([level(str(n), n) for n in range(10)], prefix=prefix)
        as_xml(contract, body, wire)
        assert contract.scanned(OPERATION, body, None, wire) == as_xml(contract, body, wire)


def test_it_stops_learning_from_a_backend_that_never_writes_alike(contract: Contract) -> None:
    wire = WIRE[()]
    levels = [level(str(n), n) for n in range(10)]
    for number in range(20):
        as_xml(contract, reply(levels).replace(b"<s:Body>", b"<s:Header><!-- %d --></s:Header><s:Body>" % number), wire)
    as_xml(contract, reply(levels), wire)
    assert contract.scanned(OPERATION, reply(levels), None, wire) is None


def test_short_replies_teach_nothing(contract: Contract) -> None:
    wire = WIRE[()]
    as_xml(contract, reply([level("a", 1)]), wire)
    assert contract.scanned(OPERATION, reply([level("a", 1)]), None, wire) is None


def test_a_reply_with_more_elements_than_are_read_is_not_scanned_either(contract: Contract) -> None:
    wire = next(iter(WIRE.values()))
    as_xml(contract, reply([level(str(n), n) for n in range(20)]), wire)
    many = reply([level(str(n), n) for n in range(MOST // 4 + 1)])
    assert contract.scanned(OPERATION, many, None, wire) is None
    assert as_xml(contract, many, wire) is Unreadable
