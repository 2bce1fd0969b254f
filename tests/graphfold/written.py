"""Source of small graphs with mistakes, for tests that import it like an author's module."""

import re
from pathlib import Path
from typing import NamedTuple

from graphfold.mistakes import Mistake

PRELUDE = """
from dataclasses import field
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, TYPE_CHECKING
import strawberry
from graphfold import *
from graphfold.credentials import *
from graphfold.manifest import Manifest

@strawberry.type(description="A customer.")
class Customer(Node, key="number"):
    number: str = strawberry.field(description="The number.")
    name: str = strawberry.field(description="The name.")
    points: int | None = strawberry.field(default=None, description="The points.")

@strawberry.type
class Query:
    pass

class CustomerRow(Row[Customer], key="number"):
    number: str
    name: str
"""

CRM = '''
class Crm(RestAdapter):
    @batch()
    async def customers(self, numbers: Keys[str]) -> dict[str, CustomerRow]:
        return by(await self.get("/customers", list[CustomerRow]), lambda row: row.number)

@finds(Customer)
async def customer_by_number(number: str, crm: Crm) -> Customer:
    return await crm.customers.load(number)

@resolves(Query)
async def customer(number: Annotated[str, strawberry.argument(description="The number.")], crm: Crm) -> Customer | None:
    """One customer."""
    return await crm.customers.find(number)
'''

WSDL = Path(__file__).with_name("stock.wsdl")


class Wrong(NamedTuple):
    """A module with a mistake. `# <-` marks the line that it names; `what` and `fix` are patterns of its message."""

    source: str
    what: str
    fix: str


def parts(source: str) -> list[str]:
    return [CRM, source.removeprefix(CRM)] if source.startswith(CRM) else [source]


def assert_mistake(mistake: Mistake, wrong: Wrong, file: Path) -> None:
    line = line_of(file)
    assert mistake.where == f"{file}:{line}"
    assert re.search(wrong.what, mistake.what), mistake.what
    assert re.search(wrong.fix, mistake.fix), mistake.fix
    assert str(mistake) == f"{file}:{line}: {mistake.what}\n  Why: {mistake.why}\n  Fix: {mistake.fix}"
    assert mistake.why.endswith(".")


def line_of(file: Path) -> int:
    """Return the number of the marked line."""
    return next(n for n, text in enumerate(file.read_text().splitlines(), 1) if text.endswith("# <-"))
