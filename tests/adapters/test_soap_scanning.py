"""The scanner reads long lists from a reply's text, only where that is sure to give the same as parsing the XML."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.inventory.adapter import StockRow
from graphfold.adapter.soap.contract import Contract
from graphfold.adapter.soap.envelope import MAX_NODES, body_element, parse_reply
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
"""Texts to insert where they are unexpected."""


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
    parts = [f"<i:Sku>{sku}</i:Sku>", f"<i:OnHand>{on_hand}</i:OnHand>"]
    parts += [] if reserved is None else [f"<i:Reserved>{reserved}</i:Reserved>"]
    parts += [
        f"<i:Warehouse>{blank}<i:Code>{n:04d}</i:Code>{blank}<i:Quantity>{n}</i:Quantity>{blank}</i:Warehouse>"
        for n in shelves
    ]
    return f"<i:StockLevel>{blank}{blank.join(parts)}{blank}</i:StockLevel>"


def as_xml(contract: Contract, body: bytes, wire: Any) -> Any:
    """Read the reply as XML, from which the scanner may learn; return the error's class if it cannot be read."""
    try:
        return contract.read_reply(OPERATION, body_element(parse_reply(body)), None, wire, reply=body)
    except Unreadable:
        return Unreadable


@pytest.fixture
def contract() -> Contract:
    return Contract(WSDL)


@pytest.mark.parametrize("wanted", WIRE, ids=str)
@pytest.mark.parametrize("blank", ["", "\n    "])
def test_reply_of_a_known_form_is_scanned(contract: Contract, wanted: tuple[str, ...], blank: str) -> None:
    def levels_from(start: int) -> bytes:
        return reply([level(f"SKU {n}é", n, range(n % 3), blank) for n in range(start, start + 20)], blank=blank)

    wire = WIRE[wanted]
    assert contract.scan_reply(OPERATION, levels_from(0), None, wire) is None
    as_xml(contract, levels_from(0), wire)
    scanned = contract.scan_reply(OPERATION, levels_from(500), None, wire)
    assert scanned is not None
    assert scanned == as_xml(contract, levels_from(500), wire)


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
def test_scanned_value_equals_the_parsed_one(
    wanted: tuple[str, ...], blank: str, levels: list[str], oddities: list[tuple[str, float]]
) -> None:
    contract, wire = CONTRACT, WIRE[wanted]
    as_xml(contract, reply([level("a", 1, [1])] * 10, blank=blank), wire)
    text = reply(levels, blank=blank).decode(errors="replace")
    for oddity, fraction in oddities:
        index = int(fraction * len(text))
        text = text[:index] + oddity + text[index:]
    scanned = contract.scan_reply(OPERATION, text.encode(errors="replace"), None, wire)
    if scanned is not None:
        assert scanned == as_xml(contract, text.encode(errors="replace"), wire)


CONTRACT = Contract(WSDL)


def test_scanner_learns_again_when_a_backend_changes_its_form(contract: Contract) -> None:
    wire = WIRE[()]
    for prefix in ("i", "stock", "ns1"):
        body = reply([level(str(n), n) for n in range(10)], prefix=prefix)
        as_xml(contract, body, wire)
        assert contract.scan_reply(OPERATION, body, None, wire) == as_xml(contract, body, wire)


def test_scanner_gives_up_on_a_backend_whose_form_always_changes(contract: Contract) -> None:
    wire = WIRE[()]
    levels = [level(str(n), n) for n in range(10)]
    for number in range(20):
        as_xml(contract, reply(levels).replace(b"<s:Body>", b"<s:Header><!-- %d --></s:Header><s:Body>" % number), wire)
    as_xml(contract, reply(levels), wire)
    assert contract.scan_reply(OPERATION, reply(levels), None, wire) is None


def test_scanner_does_not_learn_from_short_replies(contract: Contract) -> None:
    wire = WIRE[()]
    as_xml(contract, reply([level("a", 1)]), wire)
    assert contract.scan_reply(OPERATION, reply([level("a", 1)]), None, wire) is None


def test_reply_with_too_many_elements_is_not_scanned(contract: Contract) -> None:
    wire = next(iter(WIRE.values()))
    as_xml(contract, reply([level(str(n), n) for n in range(20)]), wire)
    many = reply([level(str(n), n) for n in range(MAX_NODES // 4 + 1)])
    assert contract.scan_reply(OPERATION, many, None, wire) is None
    assert as_xml(contract, many, wire) is Unreadable
