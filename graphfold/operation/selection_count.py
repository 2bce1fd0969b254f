"""Count the selections of a document with its fragments spread, and how often they repeat one another.

Validation (OverlappingFieldsCanBeMerged) compares every two fields of the same name at the same response path, so its
time grows with the square of the repetitions: a few thousand would block the process for seconds. This count comes
first, and stops at the limit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)

__all__ = ["count_selections"]

Fragments = Mapping[str, SelectionSetNode]
Pending = tuple[int, list[SelectionSetNode]]
"""A level of fields, and the selections that meet there."""


def count_selections(document: DocumentNode, *, enough: int, levels: int) -> int:
    """Return the number of selections plus one for every pair of fields of the same name at the same response path.

    Counting stops soon after `enough`, and `levels` levels of fields deep, so cyclic fragments end too.
    """
    fragments = {n.name.value: n.selection_set for n in document.definitions if isinstance(n, FragmentDefinitionNode)}
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    pending: list[Pending] = [(1, [node.selection_set]) for node in operations]
    count = 0
    while pending and count <= enough:
        level, merged = pending.pop()
        selections = _spread(merged, fragments)
        count += len(selections)
        by_name: dict[str, list[FieldNode]] = {}
        for node in selections:
            if isinstance(node, FieldNode):
                by_name.setdefault((node.alias or node.name).value, []).append(node)
        for fields in by_name.values():
            count += len(fields) * (len(fields) - 1) // 2
            below = [field.selection_set for field in fields if field.selection_set]
            if below and level < levels:
                pending.append((level + 1, below))
    return count


def _spread(merged: Iterable[SelectionSetNode], fragments: Fragments) -> list[SelectionNode]:
    """Return every selection at one response path. A fragment counts once there, as in execution."""
    selections: list[SelectionNode] = []
    pending, seen = list(merged), set[str]()
    while pending:
        for node in pending.pop().selections:
            selections.append(node)
            if isinstance(node, InlineFragmentNode):
                pending.append(node.selection_set)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                seen.add(node.name.value)
                pending += [fragments[node.name.value]] if node.name.value in fragments else []
    return selections
