"""Requests equal those of zeep in canonical form; arguments that do not fit the types are refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from xml.etree.ElementTree import canonicalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphfold.adapter.soap.contract import Contract
from graphfold.adapter.soap.python_to_xsd import InvalidArgument
from graphfold.errors import InvalidInput
from tests.graphfold.adapter.soap.contracts import BILLING, INVENTORY, LEDGER, values, zeeps

OPERATIONS = [
    *[(contract, operation) for contract in (INVENTORY, BILLING) for operation in contract.operations],
    *[(LEDGER, operation) for operation in ("Book", "Count")],
]


def written(contract: Contract, operation: str, arguments: dict[str, Any]) -> str:
    return contract.request(operation, arguments)("").decode()


def canonical(xml: str | bytes) -> str:
    return canonicalize(xml, rewrite_prefixes=True)


@pytest.mark.parametrize(("contract", "operation"), OPERATIONS)
@settings(deadline=None, max_examples=30)
@given(st.data())
def test_request_equals_what_zeep_writes(contract: Contract, operation: str, data: st.DataObject) -> None:
    arguments = data.draw(values(contract._operation(operation).input.body.type))
    assert canonical(written(contract, operation, arguments)) == canonical(zeeps(contract, operation)(arguments))


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("Pick", {"Word": "choices are zeep's"}),
        ("Keyed", {"Number": 1, "_soapheaders": {"session": {"Key": "<k>"}}}),
        ("Ping", {}),
    ],
)
def test_unsupported_types_are_written_by_zeep(operation: str, arguments: dict[str, Any]) -> None:
    assert canonical(written(LEDGER, operation, arguments)) == canonical(zeeps(LEDGER, operation)(arguments))


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("GetInvoice", {}),
        ("GetInvoice", {"InvoiceNo": None}),
        ("GetInvoice", {"InvoiceNo": "1", "Colour": "red"}),
        ("GetInvoice", {"InvoiceNo": ["1", "2"]}),
        ("GetInvoice", {"InvoiceNo": True}),
        ("ListInvoices", {"CustomerNo": "1", "From": "first", "Count": 1}),
        ("ListInvoices", {"CustomerNo": "1", "From": 1.5, "Count": 1}),
        ("ListInvoices", {"CustomerNo": "1", "From": False, "Count": 1}),
    ],
)
def test_arguments_outside_of_the_types_are_refused(operation: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument):
        written(BILLING, operation, arguments)


def entry(**changes: Any) -> dict[str, Any]:
    buyer = {"Name": "n", "code": "c", "Founded": None, "Listed": True}
    plain = {"Id": 1, "Amount": Decimal(1), "Due": None, "Tag": ["t"], "At": "2020-01-01T00:00:00Z", "Nothing": {}}
    return {"Entry": [plain | {"Buyer": buyer} | changes], "Total": None}


@pytest.mark.parametrize(
    "changes",
    [
        {"Due": datetime(2020, 1, 1, 12)},
        {"At": date(2020, 1, 1)},
        {"Amount": Decimal("NaN")},
        {"Amount": {"_value_1": Decimal(1), "colour": "red"}},
        {"Remark": "by nobody"},
        {"Tag": []},
        {"Rate": "fast"},
        {"Numbers": ["x"]},
        {"Link": ["a"]},
        {"Buyer": {"Name": "n", "code": "c", "Founded": None, "Listed": True, "Alias": ["a"] * 4}},
        {"Buyer": "n"},
        {"Nothing": {"at": "all"}},
    ],
    ids=str,
)
def test_invalid_values_of_rare_types_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument):
        written(LEDGER, "Book", entry(**changes))


def test_text_for_a_complex_type_is_refused() -> None:
    with pytest.raises(InvalidArgument):
        written(LEDGER, "Book", {"Entry": ["x", "y"], "Total": None})


def test_invalid_argument_names_the_path_but_not_the_value() -> None:
    with pytest.raises(InvalidArgument) as refused:
        written(LEDGER, "Book", entry(Buyer={"Name": "n", "code": "c", "Founded": None, "Listed": "S3CRET"}))
    assert str(refused.value).startswith("Entry: Buyer: Listed: ")
    assert "S3CRET" not in str(refused.value)


@pytest.mark.parametrize("text", ["\0", "\x0b", "\ud800", "\ufffe", "\x1b[1m"])
@pytest.mark.parametrize("operation", ["GetInvoice", "GetBalance"])
def test_characters_illegal_in_xml_are_invalid_input(operation: str, text: str) -> None:
    argument = "InvoiceNo" if operation == "GetInvoice" else "CustomerNo"
    with pytest.raises(InvalidInput):
        written(BILLING, operation, {argument: f"a{text}b"})


def test_characters_illegal_in_xml_are_invalid_input_with_zeep() -> None:
    with pytest.raises(InvalidInput):
        written(LEDGER, "Pick", {"Word": "\0"})


class Status(StrEnum):
    OPEN = "open"


@dataclass
class Party:
    Name: str
    code: str
    Founded: date | None
    Listed: bool


@pytest.mark.parametrize(
    ("changes", "sent"),
    [
        ({"Tag": ("a", Status.OPEN, 7)}, ["<n1:Tag>a</n1:Tag><n1:Tag>open</n1:Tag><n1:Tag>7</n1:Tag>"]),
        ({"Tag": "alone"}, ["<n1:Tag>alone</n1:Tag>"]),
        ({"Amount": 1e-7}, [">0.0000001</n1:Amount>"]),
        ({"Amount": {"_value_1": "2.50", "currency": 'a"b'}}, ['currency="a&quot;b">2.50<']),
        ({"Rate": float("-inf")}, ["<n1:Rate>-INF</n1:Rate>"]),
        ({"Due": "2020-02-29"}, ["<n1:Due>2020-02-29</n1:Due>"]),
        ({"Buyer": Party("n", "c", None, Listed=False)}, ["<Name>n</Name>", "<Listed>false</Listed>"]),
        ({"Tag": ["\r\n"]}, ["<n1:Tag>&#13;\n</n1:Tag>"]),
    ],
    ids=str,
)
def test_python_values_are_formatted_by_xsd_type(changes: dict[str, Any], sent: list[str]) -> None:
    message = written(LEDGER, "Book", entry(**changes))
    assert [part for part in sent if part not in message] == []


def test_security_block_is_in_the_header() -> None:
    message = BILLING.request("GetInvoice", {"InvoiceNo": "1"})("<wsse:Security/>").decode()
    assert "<soap:Header><wsse:Security/></soap:Header><soap:Body>" in message


def test_wsdl_header_blocks_follow_the_security_block() -> None:
    arguments = {"Number": 1, "_soapheaders": {"session": {"Key": "k"}}}
    message = LEDGER.request("Keyed", arguments)("<wsse:Security/>").decode()
    assert "<soap:Header><wsse:Security/><ns0:Session" in message
