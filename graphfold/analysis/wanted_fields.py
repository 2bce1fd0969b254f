"""Find the fields that an operation needs of each type, in one walk over its selections.

The result is a union over the whole operation. It decides which OnDemand fields a batch fetches, and because it is the
same everywhere, loads of one key at different depths share a call: one that needs the name and one that needs the email
fetch both at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

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
from graphql.execution import Executor
from graphql.execution.values import get_directive_values
from graphql.type.directives import GraphQLIncludeDirective, GraphQLSkipDirective
from strawberry.types.field import StrawberryField

from graphfold.analysis.attribute_reads import attributes_read
from graphfold.composition.definitions import definition_of_field, definition_of_type
from graphfold.composition.global_ids import Node, node_id
from graphfold.composition.resolver import resolver_of

__all__ = ["WantedFields", "attributes_needed", "wanted_fields"]

WantedFields: TypeAlias = dict[type, frozenset[str] | None]
"""The attributes that an operation needs of each Python type; None where that is unknown, which means all."""


def wanted_fields(executor: Executor[Any]) -> WantedFields:
    """Return what the operation of a graphql-core executor needs of each type."""
    walk = _Walk(executor)
    walk.selections(executor.operation.selection_set, executor.schema.get_root_type(executor.operation.operation))
    return walk.wanted


def attributes_needed(field: StrawberryField, owner: type) -> frozenset[str] | None:
    """Return the attributes of its parent that a field needs: a plain field itself, others what their resolver reads.

    None means that it may need any.
    """
    base = field.base_resolver
    if base is None:
        return frozenset({field.python_name})
    if base.wrapped_func is node_id and issubclass(owner, Node):
        return frozenset({owner.node_key})
    declared = resolver_of(field)
    attributes = attributes_read(declared.function if declared is not None else base.wrapped_func)
    plain = set(getattr(owner, "__dataclass_fields__", ()))
    if attributes is None or any(hasattr(owner, name) and name not in plain for name in attributes):
        return None  # a property or method of the type may read anything
    return attributes


class _Walk:
    """A walk over the selections of one operation; `wanted` grows as it goes."""

    def __init__(self, executor: Executor[Any]) -> None:
        self.schema: GraphQLSchema = executor.schema
        self.fragments, self.variables = executor.fragment_definitions, executor.variable_values
        self.wanted: WantedFields = {}
        self._walked_fragments: set[str] = set()

    def selections(self, selections: SelectionSetNode | None, parent: GraphQLNamedType | None) -> None:
        if selections is None or parent is None:
            return
        for node in selections.selections:
            if self._is_skipped(node):
                continue
            if isinstance(node, FieldNode):
                self._field(node, parent)
            elif isinstance(node, InlineFragmentNode):
                name = node.type_condition.name.value if node.type_condition else parent.name
                self.selections(node.selection_set, self.schema.get_type(name))
            elif isinstance(node, FragmentSpreadNode):
                fragment = self.fragments[node.name.value]
                if node.name.value not in self._walked_fragments:
                    self._walked_fragments.add(node.name.value)
                    self.selections(fragment.selection_set, self.schema.get_type(fragment.type_condition.name.value))

    def _field(self, node: FieldNode, parent: GraphQLNamedType) -> None:
        if not isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
            return
        declared = parent.fields.get(node.name.value)
        if declared is None:
            return
        for concrete in self._object_types(parent):
            self._add(concrete, node.name.value)
        if node.selection_set is not None:
            self.selections(node.selection_set, get_named_type(declared.type))

    def _object_types(self, parent: GraphQLNamedType) -> Iterator[GraphQLObjectType]:
        if isinstance(parent, GraphQLObjectType):
            yield parent
        elif is_abstract_type(parent):
            yield from self.schema.get_possible_types(parent)

    def _add(self, parent: GraphQLObjectType, name: str) -> None:
        definition, field = definition_of_type(parent), definition_of_field(parent.fields[name])
        if definition is None or field is None:
            return
        owner = definition.origin
        wanted, needed = self.wanted.get(owner, frozenset()), attributes_needed(field, owner)
        self.wanted[owner] = None if wanted is None or needed is None else wanted | needed

    def _is_skipped(self, node: SelectionNode) -> bool:
        if not node.directives:
            return False
        skip = get_directive_values(GraphQLSkipDirective, node, self.variables)
        include = get_directive_values(GraphQLIncludeDirective, node, self.variables)
        return bool(skip and skip["if"] is True) or bool(include and include["if"] is False)
