"""Wrong declarations raise a Mistake at import, with location, reason and fix."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from graphfold.mistakes import Mistake
from tests.graphfold.written import Wrong, assert_mistake

AT_IMPORT = {
    "bad name": Wrong(
        """
        class Crm(RestAdapter):  # <-
            name = "My CRM"
        """,
        "Crm: name='My CRM' is not a backend's name",
        "lower case letters",
    ),
    "credential without brackets": Wrong(
        """
        class Crm(RestAdapter):  # <-
            credential = ApiKey
        """,
        "is no credential",
        "with its brackets",
    ),
    "no WSDL": Wrong(
        """
        class Depot(SoapAdapter):  # <-
            @read()
            async def stock(self) -> int:
                return 1
        """,
        "Depot has no wsdl",
        "with_name",
    ),
    "batch that is not async": Wrong(
        """
        class Crm(RestAdapter):
            @batch()  # <-
            def customers(self, numbers: Keys[str]) -> dict[str, CustomerRow]: ...
        """,
        "a @batch function must be `async def`",
        "async def customers",
    ),
    "read that is not async": Wrong(
        """
        class Crm(RestAdapter):
            @read()  # <-
            def page(self) -> Page[CustomerRow]: ...
        """,
        "a @read function must be `async def`",
        "async def page",
    ),
    "batch of a single key": Wrong(
        """
        class Crm(RestAdapter):
            @batch()  # <-
            async def customer(self, number: str) -> dict[str, CustomerRow]: ...
        """,
        "the first parameter must be the keys; it is str",
        "For one item at a time, use @read",
    ),
    "batch without keys": Wrong(
        """
        class Crm(RestAdapter):
            @batch()  # <-
            async def customers(self) -> dict[str, CustomerRow]: ...
        """,
        "the first parameter must be the keys; it is not annotated",
        r"ids: Keys\[str\]",
    ),
    "batch of a list": Wrong(
        """
        class Crm(RestAdapter):
            @batch()  # <-
            async def customers(self, numbers: Keys[str]) -> list[CustomerRow]: ...
        """,
        "must return a mapping of key to value",
        r"by\(rows",
    ),
    "key types differ": Wrong(
        """
        class Crm(RestAdapter):
            @batch()  # <-
            async def customers(self, numbers: Keys[int]) -> dict[str, CustomerRow]: ...
        """,
        "the keys are int, but the mapping's keys are str",
        "one type in both places",
    ),
    "key that cannot be a key": Wrong(
        """
        class Crm(RestAdapter):
            @batch()  # <-
            async def customers(self, numbers: Keys[bytearray]) -> dict[bytearray, CustomerRow]: ...
        """,
        "numbers is bytearray, which cannot be a key",
        "tuples",
    ),
    "argument that cannot be a key": Wrong(
        """
        class Filter:
            __hash__ = None

        class Crm(RestAdapter):
            @batch()  # <-
            async def customers(self, numbers: Keys[str], *, only: Filter) -> dict[str, CustomerRow]: ...
        """,
        "only is Filter, which cannot be a key",
        "frozen dataclasses",
    ),
    "argument of a read that cannot be a key": Wrong(
        """
        class Crm(RestAdapter):
            @read()  # <-
            async def page(self, only: bytearray) -> Page[CustomerRow]: ...
        """,
        "only is bytearray, which cannot be a key",
        "text, numbers",
    ),
    "public share of replies to the viewer": Wrong(
        """
        class Crm(RestAdapter):  # <-
            @batch(ttl=60, share="public")
            async def customers(self, numbers: Keys[str]) -> dict[str, CustomerRow]: ...
        """,
        'share="public", but Crm calls as the viewer',
        'identity = "service"',
    ),
    "unknown share": Wrong(
        """
        class Crm(RestAdapter):
            @batch(share="everyone")  # <-
            async def customers(self, numbers: Keys[str]) -> dict[str, CustomerRow]: ...
        """,
        "share='everyone' is not one of",
        '"viewer"',
    ),
    "a time below zero": Wrong(
        """
        class Crm(RestAdapter):
            @batch(ttl=-1)  # <-
            async def customers(self, numbers: Keys[str]) -> dict[str, CustomerRow]: ...
        """,
        "ttl=-1 is not valid",
        "leave ttl out",
    ),
    "a time as text": Wrong(
        """
        class Crm(RestAdapter):
            @batch(ttl="60")  # <-
            async def customers(self, numbers: Keys[str]) -> dict[str, CustomerRow]: ...
        """,
        "ttl='60' is not valid",
        "write it as a number",
    ),
    "batch size of zero": Wrong(
        """
        class Crm(RestAdapter):
            @batch(max_size=0)  # <-
            async def customers(self, numbers: Keys[str]) -> dict[str, CustomerRow]: ...
        """,
        "max_size=0 is not valid",
        "leave max_size out",
    ),
    "primes a batch of another row": Wrong(
        """
        class OrderRow(Row[Any]):
            number: str

        class Crm(RestAdapter):
            @batch()
            async def customers(self, numbers: Keys[str]) -> dict[str, CustomerRow]: ...

            @read(primes=customers)  # <-
            async def orders(self) -> Page[OrderRow]: ...
        """,
        "primes customers with OrderRow, but that returns CustomerRow",
        "return CustomerRow",
    ),
    "primes a row without a key": Wrong(
        """
        class OrderRow(Row[Any]):
            number: str

        class Crm(RestAdapter):
            @batch()
            async def orders(self, numbers: Keys[str]) -> dict[str, OrderRow]: ...

            @read(primes=orders)  # <-
            async def all_orders(self) -> Page[OrderRow]: ...
        """,
        "OrderRow has no key",
        "class OrderRow",
    ),
    "types of an operation for type checkers only": Wrong(
        """
        class Crm(RestAdapter):
            @batch()  # <-
            async def customers(self, numbers: "Keys[str]") -> "dict[str, Nowhere]": ...
        """,
        "'Nowhere' is not defined",
        "not under TYPE_CHECKING",
    ),
    "row key typo": Wrong(
        """
        class OrderRow(Row[Any], key="numbr"):  # <-
            number: str
        """,
        r"key='numbr' is not one of its fields \['number'\]",
        "identifies a row",
    ),
    "OnDemand in a row without graph type": Wrong(
        """
        class OrderRow(Row[Any]):  # <-
            number: Annotated[str | None, OnDemand("no")] = None
        """,
        r"\['number'\] are OnDemand, but the row has no graph type",
        r"class OrderRow\(Row\[",
    ),
    "OnDemand without default": Wrong(
        """
        class CrmRow(Row[Customer]):  # <-
            name: Annotated[str, OnDemand("displayName")]
        """,
        r"\['name'\] are OnDemand and have no default",
        "= None",
    ),
    "null as default without a default": Wrong(
        """
        class CrmRow(Row[Customer]):  # <-
            name: Annotated[str, Wire("displayName", null="default")]
        """,
        'CrmRow.name: null="default" without a default',
        "give the field a default",
    ),
    "empty path": Wrong(
        """
        class CrmRow(Row[Customer]):
            name: Annotated[str, Wire("contact..name")]  # <-
        """,
        r"Wire\('contact..name'\) is not a path",
        r"Wire\(\"contact.mail\"\)",
    ),
    "Wire instead of a value": Wrong(
        """
        class CrmRow(Row[Customer]):  # <-
            name: str = Wire("displayName")
        """,
        "CrmRow.name has a Wire as its default",
        r"Annotated\[str, Wire",
    ),
    "mutable default": Wrong(
        """
        class CrmRow(Row[Customer]):  # <-
            tags: list[str] = []
        """,
        "CrmRow.tags has a list as its default",
        "default_factory=list",
    ),
    "row type for type checkers only": Wrong(
        """
        class CrmRow(Row[Customer]):  # <-
            name: "Nowhere"
        """,
        "'Nowhere' is not defined",
        "not under TYPE_CHECKING",
    ),
    "no type of the graph": Wrong(
        """
        class Thing:
            pass

        @resolves(Thing)  # <-
        async def name(self: Thing) -> str: ...
        """,
        "Thing is not a type of the graph",
        "@strawberry.type",
    ),
    "field twice": Wrong(
        """
        @resolves(Customer)  # <-
        async def name(self: Customer) -> str: ...
        """,
        "Customer already has a field 'name'",
        "another name",
    ),
    "no self": Wrong(
        """
        @resolves(Customer)  # <-
        async def weight(number: str) -> int: ...
        """,
        "the first parameter of a resolver of Customer is 'number'",
        "self: Customer",
    ),
    "self of a root": Wrong(
        """
        @resolves(Query)  # <-
        async def weight(self: Query) -> int: ...
        """,
        "the first parameter of a resolver of Query is 'self'",
        "remove `self`",
    ),
    "self of another type": Wrong(
        """
        @resolves(Customer)  # <-
        async def weight(self: Query) -> int: ...
        """,
        "self is Query, not Customer",
        "self: Customer",
    ),
    "parameter without a type": Wrong(
        """
        @resolves(Customer)  # <-
        async def weight(self: Customer, unit) -> int: ...
        """,
        "the parameter 'unit' has no type",
        "unit: str",
    ),
    "parameters without names": Wrong(
        """
        @resolves(Customer)  # <-
        async def weight(self: Customer, **options: str) -> int: ...
        """,
        r"takes \*options",
        "name each argument",
    ),
    "no return type": Wrong(
        """
        @resolves(Customer)  # <-
        async def weight(self: Customer): ...
        """,
        "has no return annotation",
        "->",
    ),
    "resolver types for type checkers only": Wrong(
        """
        @resolves(Customer)  # <-
        async def weight(self: Customer) -> "Nowhere": ...
        """,
        "'Nowhere' is not defined",
        "not under TYPE_CHECKING",
    ),
    "node without key": Wrong(
        """
        @strawberry.type
        class Order(Node):  # <-
            number: str
        """,
        "Order is a Node without a key",
        r"class Order\(Node, key=",
    ),
    "finder with more than the key": Wrong(
        """
        @finds(Customer)  # <-
        async def customer(number: str, name: str) -> Customer | None: ...
        """,
        "must take the business key and adapters",
        "key: str",
    ),
    "two finders": Wrong(
        """
        @finds(Customer)
        async def one(number: str) -> Customer | None: ...

        @finds(Customer)  # <-
        async def other(number: str) -> Customer | None: ...
        """,
        "Customer is found by one already",
        "remove one",
    ),
}


@pytest.mark.parametrize("wrong", AT_IMPORT.values(), ids=AT_IMPORT.keys())
def test_mistake_is_raised_at_import(wrong: Wrong, imported: Callable[[str], ModuleType], tmp_path: Path) -> None:
    with pytest.raises(Mistake) as raised:
        imported(wrong.source)
    assert_mistake(raised.value, wrong, tmp_path / "written.py")
