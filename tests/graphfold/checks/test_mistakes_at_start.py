"""Declarations that do not fit together raise a Mistake when the graph is made, before the first request."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from graphfold.mistakes import Mistake
from graphfold.testing import graph_of
from tests.graphfold.written import CRM, WSDL, Wrong, assert_mistake

AT_START = {
    "two adapters of one name": Wrong(
        CRM
        + """
        class Other(RestAdapter):  # <-
            name = "crm"

            @read()
            async def things(self) -> int: ...
        """,
        "Other: name='crm' is the name of Crm too",
        "give one of them another",
    ),
    "row that does not fill its type": Wrong(
        CRM
        + """
        class HalfRow(Row[Customer]):  # <-
            number: str
        """,
        "HalfRow does not fill Customer.name",
        "add a field 'name' to the row",
    ),
    "row of another type than its field": Wrong(
        CRM
        + """
        class NumberRow(Row[Customer]):  # <-
            number: int
            name: str
        """,
        "NumberRow.number does not fit Customer.number: int is not str",
        "convert in Wire",
    ),
    "null for a field that must not be": Wrong(
        CRM
        + """
        class NullRow(Row[Customer]):  # <-
            number: str
            name: str | None
        """,
        "NullRow.name does not fit Customer.name: it may be null",
        "same type",
    ),
    "OnDemand that no field needs": Wrong(
        CRM
        + """
        class SlimRow(Row[Customer]):  # <-
            number: str
            name: str
            phone: Annotated[str | None, OnDemand("phone")] = None
        """,
        "SlimRow.phone is OnDemand, but no field of Customer needs 'phone'",
        "name it like the field it fills",
    ),
    "one path read in two ways": Wrong(
        CRM
        + """
        class TwiceRow(Row[Customer]):  # <-
            number: Annotated[str, Wire("no")]
            name: str
            points: Annotated[int, Wire("no")]
        """,
        r"\['number', 'points'\] read 'no' in different ways",
        "derive the other in domain",
    ),
    "a value and what is inside it": Wrong(
        CRM
        + """
        class InsideRow(Row[Customer]):  # <-
            number: Annotated[str, Wire("person")]
            name: Annotated[str, Wire("person.name")]
        """,
        "read 'person' in different ways",
        "nested Row",
    ),
    "type that no reply can be read into": Wrong(
        CRM
        + """
        class OddRow(Row[Customer]):  # <-
            number: str
            name: str
            points: Path | int
        """,
        "OddRow cannot be read from a reply",
        "a conversion in Wire",
    ),
    "nested row without graph type": Wrong(
        CRM
        + """
        class PlainRow(Row[Any]):  # <-
            text: str

        @strawberry.type(description="A note.")
        class Note:
            text: Customer = strawberry.field(description="The text.")

        class NoteRow(Row[Note]):
            text: PlainRow

        @resolves(Query)
        async def note() -> Note | None: ...
        """,
        "PlainRow feeds no graph type and has no domain",
        "write class PlainRow",
    ),
    "unknown SOAP operation": Wrong(
        CRM
        + f"""
        class Depot(SoapAdapter):
            wsdl = Path({str(WSDL)!r})

            @batch()
            async def stock(self, skus: Keys[str]) -> dict[str, int]:
                return await self.invoke("GetStok", dict[str, int], Sku=skus)  # <-
        """,
        "'GetStok' is not an operation",
        "write 'GetStock'",
    ),
    "unknown SOAP argument": Wrong(
        CRM
        + f"""
        class Depot(SoapAdapter):
            wsdl = Path({str(WSDL)!r})

            @batch()
            async def stock(self, skus: Keys[str]) -> dict[str, int]:
                return await self.invoke(  # <-
                    "GetStock",
                    dict[str, int],
                    at="StockLevel",
                    Skuu=skus,
                )
        """,
        "'Skuu' is not an argument of GetStock",
        "write 'Sku'",
    ),
    "unknown SOAP element": Wrong(
        CRM
        + f"""
        class LevelRow(Row[Customer]):  # <-
            number: Annotated[str, Wire("Sku")]
            name: Annotated[str, Wire("Value.@curency")]

        class Depot(SoapAdapter):
            wsdl = Path({str(WSDL)!r})

            @batch()
            async def stock(self, skus: Keys[str]) -> dict[str, LevelRow]:
                return by(await self.invoke("GetStock", list[LevelRow], Sku=skus), lambda row: row.number)
        """,
        "LevelRow.name: '@curency' is not an element of Amount",
        "write '@currency'",
    ),
    "unknown SOAP answer element": Wrong(
        CRM
        + f"""
        class LevelRow(Row[Customer]):
            number: Annotated[str, Wire("Sku")]
            name: Annotated[str, Wire("Note")]

        class Depot(SoapAdapter):
            wsdl = Path({str(WSDL)!r})

            @batch()
            async def stock(self, skus: Keys[str]) -> dict[str, LevelRow]:
                rows = await self.invoke("GetStock", list[LevelRow], at="StokLevel", Sku=skus)  # <-
                return by(rows, lambda row: row.number)
        """,
        "at: 'StokLevel' is not an element of GetStockResponse",
        "write 'StockLevel'",
    ),
    "counted and uncounted connection of one type": Wrong(
        CRM
        + """
        @resolves(Query)
        async def counted(crm: Crm) -> CountedConnection[Customer] | None: ...

        @resolves(Query)  # <-
        async def listed(crm: Crm) -> Connection[Customer] | None: ...
        """,
        "Query.listed is a Connection, but CustomerConnection is built from CountedConnection elsewhere",
        "use one of the two",
    ),
    "key that is no field": Wrong(
        CRM
        + """
        @strawberry.type  # <-
        class Order(Node, key="numbr"):
            number: str

        @resolves(Query)
        async def order() -> Order | None: ...
        """,
        "Order has no field 'numbr'",
        "name the field that holds it",
    ),
}


@pytest.mark.parametrize("wrong", AT_START.values(), ids=AT_START.keys())
def test_mistake_is_raised_at_start(wrong: Wrong, imported: Callable[[str], ModuleType], tmp_path: Path) -> None:
    imported(wrong.source)
    with pytest.raises(Mistake) as raised:
        graph_of()
    assert_mistake(raised.value, wrong, tmp_path / "written.py")


def test_correct_graph_starts_without_warnings(imported: Callable[[str], ModuleType]) -> None:
    imported(CRM)
    assert graph_of().problems() == []


def test_graph_without_query_fields_is_a_mistake() -> None:
    with pytest.raises(Mistake, match="no resolver answers a field of Query"):
        graph_of()
