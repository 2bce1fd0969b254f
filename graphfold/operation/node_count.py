"""Estimate how many objects a query can produce, before it runs: page sizes multiplied down the tree.

The estimate errs upwards. A connection counts as its requested page (`first` or its default, at most the largest
page), a plain list as five objects because its length is unknown, and a field selected twice counts twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    is_composite_type,
    value_from_ast_untyped,
)

from graphfold.operation.limits import limit_exceeded
from graphfold.settings import Settings

__all__ = ["check_nodes", "count_nodes"]

PLAIN_LIST = 5
"""Objects that a list without a page size counts as."""

_ITEMS = ("nodes", "edges")


def check_nodes(
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    variables: Mapping[str, Any] | None,
    settings: Settings,
) -> None:
    """Raise `LimitExceeded` if a valid operation can produce more objects than `settings.max_nodes`.

    `variables` are the client's raw values.
    """
    count = count_nodes(schema, operation, fragments, variables, settings.max_page_size)
    if count > settings.max_nodes:
        raise limit_exceeded(f"The query asks for up to {count:,} objects", settings.max_nodes, "max_nodes")


def count_nodes(
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    variables: Mapping[str, Any] | None,
    largest_page: int,
) -> int:
    """Return the largest number of objects that the operation can produce."""
    root = schema.get_root_type(operation.operation)
    defaults = {
        node.variable.name.value: value_from_ast_untyped(node.default_value)
        for node in operation.variable_definitions or ()
        if node.default_value
    }
    values = {**defaults, **(variables or {})}
    return _Counter(schema, fragments, values, largest_page).selections(operation.selection_set, root, 1) if root else 0


class _Counter:
    """Counter for one operation. A fragment is counted once for each page size it is spread under."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, Any],
        largest_page: int,
    ) -> None:
        self._schema, self._fragments = schema, fragments
        self._variables, self._largest_page = variables, largest_page
        self._counted: dict[tuple[str, int], int] = {}

    def selections(self, selection_set: SelectionSetNode | None, parent: GraphQLNamedType | None, page: int) -> int:
        """Count a selection set. `page` is the page size of the connection around it."""
        nodes = selection_set.selections if selection_set else ()
        return sum(self._selection(node, parent, page) for node in nodes if not self._is_skipped(node))

    def _selection(self, node: SelectionNode, parent: GraphQLNamedType | None, page: int) -> int:
        if isinstance(node, FieldNode):
            return self._field(node, parent, page)
        if isinstance(node, FragmentSpreadNode):
            return self._fragment(node.name.value, page)
        assert isinstance(node, InlineFragmentNode)
        on = self._schema.get_type(node.type_condition.name.value) if node.type_condition else parent
        return self.selections(node.selection_set, on, page)

    def _fragment(self, name: str, page: int) -> int:
        if (name, page) not in self._counted and (fragment := self._fragments.get(name)):
            on = self._schema.get_type(fragment.type_condition.name.value)
            self._counted[name, page] = self.selections(fragment.selection_set, on, page)
        return self._counted.get((name, page), 0)

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None, page: int) -> int:
        fields = parent.fields if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) else {}
        field = fields.get(node.name.value)
        if field is None or not is_composite_type(named := get_named_type(field.type)):
            return 0
        inner = self._page(node, field) if _is_connection(named) else 1
        return self._size(node, field, parent, page) * (1 + self.selections(node.selection_set, named, inner))

    def _size(self, node: FieldNode, field: GraphQLField, parent: GraphQLNamedType | None, page: int) -> int:
        nullable = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
        if not isinstance(nullable, GraphQLList):
            return 1
        return page if node.name.value in _ITEMS and _is_connection(parent) else PLAIN_LIST

    def _page(self, node: FieldNode, field: GraphQLField) -> int:
        requested = next((argument.value for argument in node.arguments or () if argument.name.value == "first"), None)
        declared = field.args["first"].default_value if "first" in field.args else None
        size = declared if requested is None else self._value(requested)
        # Coercion of the argument refuses other types later; the field itself refuses a page that is too large.
        return max(0, min(size, self._largest_page)) if type(size) is int else self._largest_page

    def _value(self, node: ValueNode) -> Any:
        if isinstance(node, VariableNode):
            return self._variables.get(node.name.value)
        return int(node.value) if isinstance(node, IntValueNode) and len(node.value) < 12 else None

    def _is_skipped(self, node: SelectionNode) -> bool:
        conditions = (directive for directive in node.directives or () if directive.name.value in ("skip", "include"))
        return any(self._condition(directive) is (directive.name.value == "skip") for directive in conditions)

    def _condition(self, directive: DirectiveNode) -> Any:
        value = directive.arguments[0].value if directive.arguments else None
        if isinstance(value, BooleanValueNode):
            return value.value
        return self._value(value) if value else None


def _is_connection(named: GraphQLNamedType | None) -> bool:
    if not isinstance(named, GraphQLObjectType):
        return False
    return "pageInfo" in named.fields and any(name in named.fields for name in _ITEMS)
