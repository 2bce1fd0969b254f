"""The WSDLs for the tests of readers and writers, and Hypothesis strategies for values of their types."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from lxml import etree
from zeep.xsd import ComplexType
from zeep.xsd.types import builtins
from zeep.xsd.types.collection import ListType, UnionType

from graphfold.adapter.soap.contract import Contract
from graphfold.adapter.soap.xsd_types import attributes_by_name, child_elements, text_content_type

ROOT = Path(__file__).parents[4]
LEDGER = Contract(Path(__file__).with_name("ledger.wsdl"))
INVENTORY = Contract(ROOT / "adapters" / "inventory" / "inventory.wsdl")
BILLING = Contract(ROOT / "adapters" / "billing" / "billing.wsdl")

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]) | st.sampled_from("\t\n\r&<>\"'"), max_size=8)

_SIMPLE: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (UnionType, TEXT),
    (ListType, st.lists(st.integers(-9, 9), max_size=3)),
    (builtins.Token | builtins.AnyURI, st.text("aZ1-", max_size=5)),  # zeep collapses blanks in these
    (builtins.String, TEXT),
    (builtins.Boolean, st.booleans()),
    (builtins.Integer, st.integers(-(2**63), 2**63)),
    (builtins.Decimal, st.decimals(-(10**9), 10**9, places=3)),
    (builtins.Double | builtins.Float, st.floats(allow_nan=False, allow_infinity=False)),
    (builtins.DateTime, st.datetimes(timezones=st.none() | st.just(UTC))),
    (builtins.Date, st.dates(date(1000, 1, 1))),  # zeep writes earlier years with fewer than four digits
    (builtins.Time, st.times()),
    (builtins.Base64Binary, st.binary(max_size=8)),
]


def values(xsd_type: Any, depth: int = 0) -> st.SearchStrategy[Any]:
    """Return a strategy of values as adapters pass them: dicts for complex types."""
    if not isinstance(xsd_type, ComplexType):
        return next(strategy for kind, strategy in _SIMPLE if isinstance(xsd_type, kind))
    required: dict[str, Any] = {}
    optional: dict[str, Any] = {}
    text = text_content_type(xsd_type)
    if text is not None:
        required["_value_1"] = values(text)
    for name, attribute in attributes_by_name(xsd_type).items():
        (required if attribute.required else optional)[name] = values(attribute.type)
    for name, (element, many) in child_elements(xsd_type).items():
        if element.is_optional and depth > 2:
            continue
        each = values(element.type, depth + 1)
        each = st.none() | each if element.nillable else each
        most = 3 if element.max_occurs == "unbounded" else element.max_occurs
        (optional if element.is_optional else required)[name] = (
            st.lists(each, min_size=element.min_occurs, max_size=most) if many else each
        )
    return st.fixed_dictionaries(required, optional=optional)


def xsd_type(contract: Contract, name: str) -> Any:
    """Return the type of an element by its name in Clark notation."""
    return contract._types.get_type(name)


def element_type(contract: Contract, name: str) -> Any:
    return contract._types.get_element(name).type


def zeeps(contract: Contract, operation: str) -> Callable[..., bytes]:
    """Return a function that writes a request with zeep."""
    create = contract._operation(operation).create
    return lambda arguments: etree.tostring(create(**arguments).content)
