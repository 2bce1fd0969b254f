"""What an operation wants of each type of the graph: one walk over the query, however many places there are.

The union over all places is what makes loads of one key at different depths one call: "name here, email there" is
asked for once, with both.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
    get_named_type,
    is_abstract_type,
)
from graphql.execution.values import get_directive_values
from graphql.type.directives import GraphQLIncludeDirective, GraphQLSkipDirective
from strawberry.types.field import StrawberryField

from graphfold.analysis.attribute_reads import attributes_read
from graphfold.composition.global_ids import Node, node_id
from graphfold.composition.resolver import resolver_of

__all__ = ["WantedFields", "attributes_needed", "wanted_fields"]

WantedFields = dict[type, frozenset[str] | None]
"""Python type -> its attributes that the operation reads; None where that cannot be told, which means all."""


def wanted_fields(executor: Any) -> WantedFields:
    """What the operation of a graphql-core executor wants."""
    walk = _Walk(executor)
    walk.selection(executor.operation.selection_set, executor.schema.get_root_type(executor.operation.operation))
    return walk.wanted


def attributes_needed(field: StrawberryField, owner: type) -> frozenset[str] | None:
    """The attributes of its parent that a field needs: itself when it is plain, else what its resolver reads."""
    base = field.base_resolver
    if base is None:
        return frozenset({field.python_name})
    if base.wrapped_func is node_id and issubclass(owner, Node):
        return frozenset({owner.node_key})
    declared = resolver_of(field)
    read = attributes_read(declared.function if declared is not None else base.wrapped_func)
    plain = set(getattr(owner, "__dataclass_fields__", ()))
    if read is None or any(hasattr(owner, name) and name not in plain for name in read):
        return None  # a property or method of the type may read anything
    return read


class _Walk:
    def __init__(self, executor: Any) -> None:
        self.schema: GraphQLSchema = executor.schema
        self.fragments, self.variables = executor.fragment_definitions, executor.variable_values
        self.wanted: WantedFields = {}
        self._seen: set[tuple[str, str]] = set()

    def selection(self, selections: SelectionSetNode | None, parent: GraphQLNamedType | None) -> None:
        if selections is None or parent is None:
            return
        for node in selections.selections:
            if not self._left_out(node):
                self._node(node, parent)

    def _node(self, node: SelectionNode, parent: GraphQLNamedType) -> None:
        if isinstance(node, FieldNode):
            self._field(node, parent)
        elif isinstance(node, InlineFragmentNode):
            named = node.type_condition.name.value if node.type_condition else parent.name
            self.selection(node.selection_set, self.schema.get_type(named))
        elif isinstance(node, FragmentSpreadNode):
            self._fragment(node.name.value)

    def _fragment(self, name: str) -> None:
        fragment = self.fragments[name]
        on = fragment.type_condition.name.value
        if (name, on) not in self._seen:
            self._seen.add((name, on))
            self.selection(fragment.selection_set, self.schema.get_type(on))

    def _field(self, node: FieldNode, parent: GraphQLNamedType) -> None:
        if not isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
            return
        declared = parent.fields.get(node.name.value)
        if declared is None:
            return
        for concrete in self._concrete(parent):
            self._want(concrete, node.name.value)
        if node.selection_set is not None:
            self.selection(node.selection_set, get_named_type(declared.type))

    def _concrete(self, parent: GraphQLNamedType) -> Iterator[GraphQLObjectType]:
        if isinstance(parent, GraphQLObjectType):
            yield parent
        elif is_abstract_type(parent):
            yield from self.schema.get_possible_types(parent)

    def _want(self, parent: GraphQLObjectType, name: str) -> None:
        definition = (parent.extensions or {}).get("strawberry-definition")
        declared = parent.fields[name]
        field = (declared.extensions or {}).get("strawberry-definition")
        if definition is None or not isinstance(field, StrawberryField):
            return
        owner = definition.origin
        known, read = self.wanted.get(owner, frozenset()), attributes_needed(field, owner)
        self.wanted[owner] = None if known is None or read is None else known | read

    def _left_out(self, node: SelectionNode) -> bool:
        if not node.directives:
            return False
        skip = get_directive_values(GraphQLSkipDirective, node, self.variables)
        include = get_directive_values(GraphQLIncludeDirective, node, self.variables)
        return bool(skip and skip["if"] is True) or bool(include and include["if"] is False)
