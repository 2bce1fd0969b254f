"""Doubtful declarations are listed as warnings, with location and fix."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from graphfold.testing import graph_of
from tests.graphfold.written import CRM, line_of

WARNINGS = {
    "N+1": (
        """
        class Scores(RestAdapter):
            @read()
            async def score(self, number: str) -> int: ...

        @resolves(Query)
        async def customers(crm: Crm) -> list[Customer]:
            "All."

        @resolves(Customer)  # <-
        async def score(self: Customer, scores: Scores) -> int:
            "The score."
            return await scores.score(self.number)
        """,
        "N+1: `{ customers { score } }` calls Scores.score once for each item. Fix: make it a @batch.",
    ),
    "unused adapter": (
        """
        class Idle(RestAdapter):  # <-
            @read()
            async def nothing(self) -> int: ...
        """,
        "Idle is used by no resolver. Fix: use it, or remove it.",
    ),
    "node without a finder": (
        """
        @strawberry.type(description="A thing.")  # <-
        class Thing(Node, key="number"):
            number: str = strawberry.field(description="The number.")

        @resolves(Query)
        async def thing() -> Thing | None:
            "A thing."
        """,
        "Thing has an id, but `node(id:)` cannot find it. Fix: write a function with @finds(Thing).",
    ),
    "type without description": (
        """
        @strawberry.type  # <-
        class Thing:
            number: str = strawberry.field(description="The number.")

        @resolves(Query)
        async def thing() -> Thing | None:
            "A thing."
        """,
        "Thing has no description. Fix: describe it in a sentence.",
    ),
    "field without description": (
        """
        @strawberry.type(description="A thing.")  # <-
        class Thing:
            number: str

        @resolves(Query)
        async def thing() -> Thing | None:
            "A thing."
        """,
        "Thing.number has no description. Fix: describe it in a sentence.",
    ),
    "resolver without description": (
        """
        @resolves(Query)  # <-
        async def count() -> int: ...
        """,
        "Query.count has no description. Fix: describe it in a sentence.",
    ),
    "argument without description": (
        """
        @resolves(Query)  # <-
        async def count(above: int) -> int:
            "How many."
        """,
        "Query.count(above:) has no description. Fix: describe it in a sentence.",
    ),
    "enum value without description": (
        """
        @strawberry.enum(description="A colour.")  # <-
        class Colour(Enum):
            RED = "red"

        @resolves(Query)
        async def colour() -> Colour:
            "The colour."
        """,
        "Colour.RED has no description. Fix: describe it in a sentence.",
    ),
}


@pytest.mark.parametrize(("source", "warning"), WARNINGS.values(), ids=WARNINGS.keys())
def test_warning_is_listed(source: str, warning: str, imported: Callable[[str], ModuleType], tmp_path: Path) -> None:
    imported(CRM + source)
    file = tmp_path / "written.py"
    assert graph_of().problems() == [f"{file}:{line_of(file)}: {warning}"]


def test_base_class_without_operations_is_no_backend(imported: Callable[[str], ModuleType]) -> None:
    imported(
        CRM
        + """
        class CompanyAdapter(RestAdapter):
            timeout = 3

        class Shop(CompanyAdapter):
            @batch()
            async def points(self, numbers: Keys[str]) -> dict[str, int]: ...

        class ShopAbroad(Shop):
            pass
        """
    )
    assert [adapter.name for adapter in graph_of().adapters] == ["crm", "shop", "shop_abroad"]


def test_adapter_name_is_derived_from_the_class_name(imported: Callable[[str], ModuleType]) -> None:
    imported(CRM.replace("Crm", "OldCRMSystem2"))
    assert [adapter.name for adapter in graph_of().adapters] == ["old_crmsystem2"]
