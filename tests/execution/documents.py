"""Makes random queries more like what people write: variables, @skip and @include, aliases, fields selected twice."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any, TypeVar

from graphql import (
    ArgumentNode,
    BooleanValueNode,
    ConstDirectiveNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    GraphQLSchema,
    InlineFragmentNode,
    NameNode,
    OperationDefinitionNode,
    SelectionSetNode,
    TypeInfo,
    TypeInfoVisitor,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    parse_type,
    value_from_ast_untyped,
    visit,
)

__all__ = ["livelier"]

Conditional = TypeVar("Conditional", FieldNode, InlineFragmentNode)


def livelier(schema: GraphQLSchema, document: DocumentNode, rng: Random) -> tuple[DocumentNode, dict[str, Any]]:
    """The document and values for its variables. Without locations: print and parse it before it is used."""
    document = visit(document, _Repeating(rng))
    info = TypeInfo(schema)
    lifting = _Lifting(info, rng)
    document = visit(document, TypeInfoVisitor(info, lifting))
    return visit(document, _Declaring(lifting.declared)), lifting.values


class _Repeating(Visitor):
    """Selects some fields a second time, with a part of what is selected below them."""

    def __init__(self, rng: Random) -> None:
        super().__init__()
        self._rng = rng

    def leave_selection_set(self, node: SelectionSetNode, *_: Any) -> SelectionSetNode:
        again = [self._part(n) for n in node.selections if isinstance(n, FieldNode) and self._rng.random() < 0.2]
        kind = FieldNode(name=NameNode(value="__typename"))
        return replace(node, selections=(*node.selections, *again, *([kind] if self._rng.random() < 0.3 else [])))

    def _part(self, node: FieldNode) -> FieldNode:
        if node.selection_set is None:
            return node
        below = node.selection_set.selections
        chosen = [n for n in below if self._rng.random() < 0.5] or below[:1]
        return replace(node, selection_set=replace(node.selection_set, selections=tuple(chosen)))


class _Lifting(Visitor):
    """Puts arguments into variables and conditions on fields."""

    def __init__(self, info: TypeInfo, rng: Random) -> None:
        super().__init__()
        self._info, self._rng = info, rng
        self.declared: list[VariableDefinitionNode] = []
        self.values: dict[str, Any] = {}

    def leave_argument(self, node: ArgumentNode, *_: Any) -> ArgumentNode | None:
        declared = self._info.get_input_type()
        if declared is None or self._rng.random() > 0.5 or isinstance(node.value, VariableNode):
            return None
        return replace(node, value=self._variable(str(declared), value_from_ast_untyped(node.value)))

    def leave_field(self, node: FieldNode, *_: Any) -> FieldNode | None:
        return self._conditional(node)

    def leave_inline_fragment(self, node: InlineFragmentNode, *_: Any) -> InlineFragmentNode | None:
        return self._conditional(node)

    def _conditional(self, node: Conditional) -> Conditional | None:
        if self._rng.random() > 0.15:
            return None
        name = self._rng.choice(["skip", "include"])
        holds = self._rng.random() < (0.2 if name == "skip" else 0.8)
        value = self._variable("Boolean!", holds) if self._rng.random() < 0.6 else BooleanValueNode(value=holds)
        argument = ArgumentNode(name=NameNode(value="if"), value=value)
        others: list[DirectiveNode] = [directive for directive in node.directives or () if directive.name.value != name]
        return replace(node, directives=(*others, DirectiveNode(name=NameNode(value=name), arguments=(argument,))))

    def _variable(self, declared: str, value: Any) -> VariableNode:
        name = f"v{len(self.declared)}"
        variable = VariableNode(name=NameNode(value=name))
        directives: tuple[ConstDirectiveNode, ...] = ()
        self.declared.append(
            VariableDefinitionNode(
                variable=variable, type=parse_type(declared), default_value=None, directives=directives
            )
        )
        self.values[name] = value
        return variable


class _Declaring(Visitor):
    def __init__(self, declared: list[VariableDefinitionNode]) -> None:
        super().__init__()
        self._declared = declared

    def leave_operation_definition(self, node: OperationDefinitionNode, *_: Any) -> OperationDefinitionNode:
        return replace(node, variable_definitions=tuple(self._declared))
