"""Assembles the schema of everything that resolvers declared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import strawberry
from graphql import GraphQLError
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types import ExecutionContext
from strawberry.types.field import StrawberryField

from graphfold.composition.decorators import add_field
from graphfold.composition.global_ids import Node, parse_global_id
from graphfold.composition.resolver import Resolver
from graphfold.declarations import Declarations
from graphfold.mistakes import Mistake
from graphfold.scalars import SCALARS

__all__ = ["assemble"]


class GraphSchema(strawberry.Schema):
    """Strawberry's, but errors are logged once, masked, by whoever answers the client."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        pass


def assemble(
    declarations: Declarations,
    extension: Callable[[], SchemaExtension],
    executor: type[StrawberryGraphQLCoreExecutionContext],
) -> strawberry.Schema:
    """Assemble the schema of all declared types, fields and finders. Raises `Mistake` without a field of Query."""
    owners = declarations.owners
    query = owners.get("Query")
    if query is None:
        raise Mistake(
            "resolvers/",
            "no resolver answers a field of Query",
            why="a graph is entered through Query.",
            fix="write a function with @resolves(Query) in a module under resolvers/.",
        )
    if declarations.finders and not _has(query, "node"):
        add_field(query, _node(declarations.finders))
    return GraphSchema(
        query=query,
        mutation=owners.get("Mutation"),
        subscription=owners.get("Subscription"),
        types=[owner for owner in owners.values() if issubclass(owner, Node)],
        extensions=[extension],
        config=StrawberryConfig(scalar_map=SCALARS),
        execution_context_class=executor,
    )


NodeId = Annotated[strawberry.ID, strawberry.argument(description="The global id of any noun.")]


def _node(finders: Mapping[str, Resolver]) -> Callable[..., Any]:
    async def node(info: strawberry.Info, id: NodeId) -> Node | None:
        """Any noun by its global id."""
        name, key = parse_global_id(id)
        finder = finders.get(name)
        if finder is None:
            return None
        found: Node | None = await finder.function(key, **finder.adapters(info))
        return found

    return node


def _has(owner: Any, name: str) -> bool:
    fields: list[StrawberryField] = owner.__strawberry_definition__.fields
    return any(field.python_name == name for field in fields)
