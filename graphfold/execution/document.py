"""What stands in an operation, as far as it decides how it can run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DirectiveNode,
    FieldNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
)

__all__ = ["Contents", "contents"]

Node = FieldNode | FragmentSpreadNode | InlineFragmentNode


@dataclass(slots=True)
class Contents:
    """`deciding` are the variables that @skip and @include depend on, in the order of the document."""

    introspects: bool = False
    is_incremental: bool = False
    deciding: dict[str, None] = field(default_factory=dict)


def contents(operation: OperationDefinitionNode, fragments: dict[str, Any]) -> Contents:
    """One pass over the operation and the fragments that it uses. Raises RecursionError where it is too deep."""
    found = Contents()
    for node in _nodes(operation.selection_set, fragments, set()):
        if isinstance(node, FieldNode) and node.name.value in ("__schema", "__type"):
            found.introspects = True
        for directive in node.directives or ():
            if directive.name.value in ("defer", "stream"):
                found.is_incremental = True
            found.deciding.update(dict.fromkeys(_variables(directive)))
    return found


def _nodes(selections: SelectionSetNode | None, fragments: dict[str, Any], seen: set[str]) -> Iterator[Node]:
    """Every selection of the operation, each fragment once."""
    for node in selections.selections if selections else ():
        yield node  # type: ignore[misc]  # a selection is one of the three
        if isinstance(node, FragmentSpreadNode):
            name = node.name.value
            if name not in seen and name in fragments:
                seen.add(name)
                yield from _nodes(fragments[name].definition.selection_set, fragments, seen)
        elif isinstance(node, FieldNode | InlineFragmentNode):
            yield from _nodes(node.selection_set, fragments, seen)


def _variables(directive: DirectiveNode) -> Iterable[str]:
    if directive.name.value not in ("skip", "include"):
        return ()
    return [a.value.name.value for a in directive.arguments or () if isinstance(a.value, VariableNode)]
