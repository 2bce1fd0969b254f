"""Strawberry's schemas: what its wrappers do for a resolver is done as well where a plan goes past them."""

# No `from __future__ import annotations` here: Strawberry reads the annotations, some of names inside functions.

import enum
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

import pytest
import strawberry
from strawberry.extensions import FieldExtension, SchemaExtension
from strawberry.permission import BasePermission

from tests.execution.plan_executor import PlanExecutor
from tests.execution.twice import counted, same

pytestmark = pytest.mark.anyio

T = TypeVar("T")


@strawberry.enum
class Colour(enum.Enum):
    RED = "r"
    BLUE = strawberry.enum_value("b", deprecation_reason="too cold")


@strawberry.interface
class Named:
    name: str

    @strawberry.field
    def shout(self) -> str:
        return self.name.upper()


@strawberry.type
class Person(Named):
    age: int | None = None
    secret: strawberry.Private[int] = 7

    @strawberry.field
    async def friend(self, name: str = "Bob") -> "Person":
        return Person(name=f"{self.name} and {name}")

    @strawberry.field
    def told(self, info: strawberry.Info, prefix: str) -> str:
        return f"{prefix} {info.field_name} {info.path.as_list()} {info.context} {self.secret} {info.python_name}"


@strawberry.type
class Robot(Named):
    number: int

    @classmethod
    def is_type_of(cls, value: Any, _info: Any) -> bool:
        return isinstance(value, Robot | Plain)


@dataclass
class Plain:
    """An object of somebody else's."""

    name: str
    number: int

    def shout(self) -> str:
        return "not asked"


@strawberry.type
class Edge(Generic[T]):
    node: T
    cursor: str = "c"


@strawberry.input
class Filter:
    low: int = 0
    names: list[str] = strawberry.field(default_factory=lambda: ["x"])
    colour: Colour | None = strawberry.UNSET


class Nobody(BasePermission):
    message = "Not you."

    def has_permission(self, source: Any, info: strawberry.Info, **kwargs: Any) -> bool:
        return False


class Doubled(FieldExtension):
    def resolve(self, next_: Any, source: Any, info: strawberry.Info, **kwargs: Any) -> Any:
        return next_(source, info, **kwargs) * 2


def by_parent(parent: strawberry.Parent[Any]) -> str:
    return f"of {type(parent).__name__}"


def by_root(root: Any) -> str:
    return f"from {type(root).__name__}"


@strawberry.type
class Query:
    of_parent: str = strawberry.field(resolver=by_parent)
    of_root: str = strawberry.field(resolver=by_root)

    @strawberry.field
    def person(self, age: int | None = 3) -> Person:
        return Person(name="Ann", age=age)

    @strawberry.field
    async def people(self) -> list[Named]:
        return (Person(name="Ann"), Robot(name="R", number=2), Person(name="Bob", age=2**40))  # type: ignore[return-value]

    @strawberry.field
    def either(self) -> list[Person | Robot]:
        return [Robot(name="R", number=1), Person(name="Ann")]

    @strawberry.field
    def robots(self) -> list[Robot]:
        return [Robot(name="R", number=1), Plain(name="P", number=2), Person(name="Ann")]  # type: ignore[list-item]

    @strawberry.field
    def edges(self) -> list[Edge[Person]]:
        return [Edge(node=Person(name="Ann")), Edge(node=Person(name="Bob"), cursor="d")]

    @strawberry.field
    def colours(self, colour: Colour = Colour.RED) -> list[Colour]:
        return [colour, Colour.BLUE]

    @strawberry.field
    def filtered(self, filter: Filter, more: list[Filter] | None = None) -> str:
        filter.names.append("mine")
        return f"{filter.low} {filter.names} {filter.colour!r} {more}"

    @strawberry.field
    def named(self, given: Annotated[str, strawberry.argument(name="theName")] = "n") -> str:
        return given

    @strawberry.field(permission_classes=[Nobody])  # type: ignore[untyped-decorator]
    def forbidden(self) -> str | None:
        return "secret"

    @strawberry.field(extensions=[Doubled()])  # type: ignore[untyped-decorator]
    def doubled(self) -> int:
        return 21

    @strawberry.field
    @staticmethod
    def static(number: int) -> int:
        return number + 1

    @strawberry.field
    async def later(self) -> list[int]:
        return [1, 2]

    @strawberry.field
    def raises(self) -> int | None:
        raise ValueError("no")


QUERIES = {
    "attributes": "{ person { name age } other: person(age: null) { age n: name } }",
    "methods": '{ person { shout friend { name friend(name: "Cid") { shout } } } }',
    "info": '{ person { told(prefix: "p") friend { told(prefix: "q") } } }',
    "interface": "{ people { __typename name shout ... on Robot { number } ... on Person { age } } }",
    "union": '{ either { __typename ... on Named { name } ... on Person { told(prefix: "u") } } }',
    "is_type_of": "{ robots { name number shout } }",
    "generic": "{ edges { __typename cursor node { name shout } } }",
    "enum": "{ colours other: colours(colour: BLUE) }",
    "input": "{ filtered(filter: {}) b: filtered(filter: {low: 2, colour: RED}, more: [{names: []}]) }",
    "argument of another name": '{ named other: named(theName: "x") }',
    "permission": "{ forbidden person { name } }",
    "extension": "{ doubled static(number: 1) }",
    "parents": "{ ofParent ofRoot }",
    "async": "{ later people { name } raises }",
}  # fmt: skip


class Watching(SchemaExtension):
    """Extensions of the whole operation still run."""

    def on_execute(self) -> Any:
        yield
        self.watched = self.execution_context.result is not None

    def get_results(self) -> dict[str, Any]:
        return {"watched": self.watched}


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES.keys())
async def test_plans_match_strawberry_execution(query: str) -> None:
    with counted("planned"):
        ours = await strawberry.Schema(Query, execution_context_class=PlanExecutor).execute(query, context_value="ctx")
    theirs = await strawberry.Schema(Query).execute(query, context_value="ctx")
    same(theirs, ours, exact=True)  # type: ignore[arg-type]


async def test_mutable_arguments_are_coerced_for_each_object() -> None:
    """A resolver that changes its list does not change its sibling's."""

    @strawberry.type
    class Item:
        @strawberry.field
        def grown(self, names: list[str]) -> int:
            names.append("mine")
            return len(names)

    @strawberry.type
    class Items:
        @strawberry.field
        def items(self) -> list[Item]:
            return [Item(), Item(), Item()]

    schema = strawberry.Schema(Items, execution_context_class=PlanExecutor)
    result = await schema.execute('{ items { grown(names: ["a"]) } }')
    assert result.data == {"items": [{"grown": 2}] * 3}


async def test_operation_hooks_of_extensions_run_with_plans() -> None:
    schema = strawberry.Schema(Query, extensions=[Watching], execution_context_class=PlanExecutor)
    with counted("planned"):
        result = await schema.execute("{ named }")
    assert (result.data, result.extensions) == ({"named": "n"}, {"watched": True})


async def test_resolve_hooks_of_extensions_fall_back_to_graphql_core() -> None:
    class Louder(SchemaExtension):
        def resolve(self, _next: Any, root: Any, info: Any, *args: str, **kwargs: Any) -> Any:
            value = _next(root, info, *args, **kwargs)
            return value.upper() if isinstance(value, str) else value

    schema = strawberry.Schema(Query, extensions=[Louder], execution_context_class=PlanExecutor)
    with counted("field-hooks"):
        result = await schema.execute("{ named }")
    assert result.data == {"named": "N"}


def test_execute_sync_of_strawberry_schema() -> None:
    schema = strawberry.Schema(Query, execution_context_class=PlanExecutor)
    with counted("planned"):
        assert schema.execute_sync("{ named person { name } }").data == {"named": "n", "person": {"name": "Ann"}}


async def test_strawberry_subscription_events_run_as_plans() -> None:
    @strawberry.type
    class Subscription:
        @strawberry.subscription
        async def people(self, count: int = 2) -> AsyncGenerator[Person, None]:
            for i in range(count):
                yield Person(name=f"P{i}", age=i)

    query = 'subscription { people { name shout told(prefix: "s") friend { name } } }'
    events: list[list[Any]] = []
    for executor in (PlanExecutor, None):
        schema = strawberry.Schema(Query, subscription=Subscription, execution_context_class=executor)
        stream: Any = await schema.subscribe(query, context_value="ctx")
        events.append([(event.data, event.errors) async for event in stream])
    assert events[0] == events[1]
    assert len(events[0]) == 2
