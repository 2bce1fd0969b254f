"""Assemble the Strawberry schema from everything that resolvers have declared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import strawberry
from graphql import GraphQLError
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types import ExecutionContext
from strawberry.types.base import get_object_definition

from graphfold.composition.decorators import add_field
from graphfold.composition.global_ids import Node, parse_global_id
from graphfold.composition.resolver import Resolver
from graphfold.declarations import Declarations
from graphfold.mistakes import Mistake
from graphfold.scalars import SCALARS

__all__ = ["assemble"]


class GraphSchema(strawberry.Schema):
    """Strawberry's schema without its logging: errors are masked and logged once, when the answer is made."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        pass


def assemble(
    declarations: Declarations,
    extension: Callable[[], SchemaExtension],
    executor: type[StrawberryGraphQLCoreExecutionContext],
) -> strawberry.Schema:
    """Return the schema of all declared types, fields and finders. Raise `Mistake` if Query has no field."""
    owners = declarations.owners
    query = owners.get("Query")
    if query is None:
        raise Mistake(
            "resolvers/",
            "no resolver answers a field of Query",
            why="every query starts at Query.",
            fix="write a function with @resolves(Query) in a module under resolvers/.",
        )
    fields = get_object_definition(query, strict=True).fields
    if declarations.finders and not any(field.python_name == "node" for field in fields):
        add_field(query, _node_resolver(declarations.finders))
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


def _node_resolver(finders: Mapping[str, Resolver]) -> Callable[..., Any]:
    async def node(info: strawberry.Info, id: NodeId) -> Node | None:
        """Any noun by its global id."""
        name, key = parse_global_id(id)
        finder = finders.get(name)
        if finder is None:
            return None
        node_object: Node | None = await finder.function(key, **finder.adapters(info))
        return node_object

    return node
