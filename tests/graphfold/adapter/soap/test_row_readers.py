"""Generated row readers give what plain data and msgspec give, and what zeep gives for valid replies."""

from __future__ import annotations

from dataclasses import field
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from zeep.helpers import serialize_object

from graphfold import Row, Wire
from graphfold.adapter.soap.contract import Contract
from graphfold.adapter.soap.envelope import is_nil, local_name, parse_reply
from graphfold.adapter.soap.plain_data import PlainReaders
from graphfold.adapter.soap.reply_readers import reply_reader
from graphfold.adapter.soap.request_writer import operation_writer
from graphfold.adapter.soap.row_structs import row_struct_in
from graphfold.adapter.soap.xsd_types import child_elements
from graphfold.rows.decoder import Unreadable, convert_plain, decoder_for
from graphfold.testing import declaring
from tests.graphfold.adapter.soap.contracts import BILLING, INVENTORY, LEDGER, values

DEPOT, BOOKS = "{http://depot.example/inventory/2}", "{http://ledger.example/billing/2019/07}"
plain_of_zeep: Any = serialize_object  # zeep has no types
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


with declaring():

    class WarehouseRow(Row[Any]):
        code: Annotated[str, Wire("Code")]
        quantity: Annotated[int, Wire("Quantity")]

    class StockRow(Row[Any]):
        sku: Annotated[str, Wire("Sku")]
        on_hand: Annotated[int, Wire("OnHand")]
        reserved: Annotated[int | None, Wire("Reserved")] = None
        warehouses: Annotated[list[WarehouseRow], Wire("Warehouse")]

    class PaymentRow(Row[Any]):
        paid_on: Annotated[date, Wire("PaidOn")]
        amount: Annotated[Decimal, Wire("Amount")]
        method: Annotated[str, Wire("@method")]
        reference: Annotated[str | None, Wire("Reference")]

    class InvoiceRow(Row[Any]):
        number: Annotated[str, Wire("Number")]
        due_on: Annotated[date | None, Wire("DueOn")]
        total: Annotated[float, Wire("Total")]
        status: Annotated[str, Wire("@status")] = "OPEN"
        payments: Annotated[list[PaymentRow], Wire("Payments.Payment")]

    class EntryRow(Row[Any]):
        id: Annotated[int, Wire("Id")]
        kind: Annotated[str, Wire("Kind")]
        amount: Annotated[Decimal, Wire("Amount.#text")]
        currency: Annotated[str, Wire("Amount.@currency")] = "EUR"
        remark: Annotated[str | None, Wire("Remark.#text")] = None
        rate: Annotated[float | None, Wire("Rate")] = None
        numbers: Annotated[list[int], Wire("Numbers")] = field(default_factory=list)
        scan: Annotated[Any, Wire("Scan")] = None
        due: Annotated[date | None, Wire("Due")]
        tags: Annotated[list[str | None], Wire("Tag")]
        buyer: Annotated[str, Wire("Buyer.Name")]
        aliases: Annotated[list[str], Wire("Buyer.Alias")]
        parent: Annotated[str | None, Wire("Buyer.Parent.Name")] = None
        listed: Annotated[bool, Wire("Buyer.Listed")]
        closed: Annotated[bool | None, Wire("@closed")] = None
        code: Annotated[str, Wire("Buyer.@code")]

    class NowhereRow(Row[Any]):
        sku: Annotated[str, Wire("Sku")]
        colour: Annotated[str, Wire("Colour")] = "red"
        shade: Annotated[str, Wire("@shade")] = "dark"


CASES = [
    (INVENTORY, f"{DEPOT}GetStockResponse", "StockLevel", StockRow),
    (INVENTORY, f"{DEPOT}GetStockResponse", "StockLevel", NowhereRow),
    (BILLING, f"{BOOKS}GetInvoiceResponse", "Invoice", InvoiceRow),
    (LEDGER, "{urn:ledger}Book", "Entry", EntryRow),
]


def message(contract: Contract, name: str, arguments: Any) -> Any:
    return parse_reply(operation_writer(contract._types.get_element(name))(arguments).encode())


def outcome(read: Any, element: Any) -> Any:
    try:
        return read(element)
    except Unreadable as error:
        return str(error)


TEXTS = ["", " ", "\n  ", "x", "1", "-5", "+07", "1_0", "\u0663", "1E5", " 2 ", "9" * 20, "9" * 5000, "true"]


def retext(element: Any, draw: st.DrawFn) -> None:
    element.text = draw(st.sampled_from(TEXTS))


def add(element: Any, draw: st.DrawFn) -> None:
    element.insert(0, etree.Element(draw(st.sampled_from(["Other", f"{DEPOT}Other"]))))


def nullify(element: Any, draw: st.DrawFn) -> None:
    element.set(NIL, draw(st.sampled_from(["true", "1", "false"])))
    if draw(st.booleans()):
        element[:], element.text = [], None


def drop(element: Any, draw: st.DrawFn) -> None:
    if element.getparent() is not None:
        element.getparent().remove(element)


def rename(element: Any, draw: st.DrawFn) -> None:
    if element.getparent() is not None:
        element.tag = draw(st.sampled_from(["", "{urn:elsewhere}"])) + local_name(element.tag)


def strip(element: Any, draw: st.DrawFn) -> None:
    for name in element.attrib:
        if draw(st.booleans()):
            del element.attrib[name]


def reorder(element: Any, draw: st.DrawFn) -> None:
    element[:] = draw(st.permutations(list(element)))


@st.composite
def disturbed(draw: st.DrawFn, root: Any) -> Any:
    """Return the message with random changes that a server might make."""
    for _ in range(draw(st.integers(0, 3))):
        accident = draw(st.sampled_from([retext, add, nullify, drop, rename, strip, reorder]))
        accident(draw(st.sampled_from(list(root.iter()))), draw)
    return root


@pytest.mark.parametrize(("contract", "name", "step", "row"), CASES)
@settings(deadline=None, max_examples=120)
@given(st.data())
def test_row_reader_equals_plain_data_and_conversion(
    contract: Contract, name: str, step: str, row: type[Row[Any]], data: st.DataObject
) -> None:
    xsd_type = contract._types.get_element(name).type
    root = data.draw(disturbed(message(contract, name, data.draw(values(xsd_type)))))
    element, many = child_elements(xsd_type)[step]
    into: Any = list[row] if many else row  # type: ignore[valid-type]
    wire, plain = decoder_for(into, lambda row: row.shape.on_demand).wire, PlainReaders()
    read_plain = plain.of(element.type, row_struct_in(wire))

    def in_two_steps(root: Any) -> Any:
        found = [read_plain(item) for item in root if local_name(item.tag) == step]
        single = found[-1] if found else None
        return convert_plain(None if is_nil(root) else found if many else single, wire)

    assert outcome(reply_reader(xsd_type, [step], wire), root) == outcome(in_two_steps, root)


@pytest.mark.parametrize(("contract", "name", "step"), [CASES[0][:3], CASES[2][:3], CASES[3][:3]])
@settings(deadline=None, max_examples=60)
@given(st.data())
def test_plain_data_equals_what_zeep_reads(contract: Contract, name: str, step: str, data: st.DataObject) -> None:
    element = contract._types.get_element(name)
    root = message(contract, name, data.draw(values(element.type)))
    ours = PlainReaders().of(element.type)(root)
    zeeps = plain_of_zeep(element.parse(root, contract._types))
    assert like_zeep(ours[step]) == without_nothing(zeeps and zeeps[step])


def like_zeep(value: Any) -> Any:
    """Reduce plain data to what zeep keeps: empty texts are None, and None is absent."""
    if isinstance(value, dict):
        named = {name.removeprefix("@").replace("#text", "_value_1"): each for name, each in value.items()}
        return without_nothing({name: like_zeep(each) for name, each in named.items()})
    return [like_zeep(each) for each in value] if isinstance(value, list) else value


def without_nothing(value: Any) -> Any:
    if isinstance(value, dict):
        poor = {name: without_nothing(each) for name, each in value.items()}
        return {name: each for name, each in poor.items() if each not in (None, "", [], {}, b"")} or None
    return [without_nothing(each) or None for each in value] if isinstance(value, list) else value
