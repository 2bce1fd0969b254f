"""How many selections a document comes to once its fragments are spread, and how much they repeat one another.

Validation compares every two selections of the same name in the same place, so its time grows with the square of such
repetitions: a few thousand of them would hold the process for seconds. Here they are counted first, up to the limit.
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
Place = tuple[int, list[SelectionSetNode]]
"""A level of fields, and the selections that meet there."""


def count_selections(document: DocumentNode, *, enough: int, levels: int) -> int:
    """The selections of all operations, plus one for every two of the same name in the same place.

    Counting ends soon after `enough` and at `levels` of fields, so that fragments that spread themselves end too.
    """
    fragments = {n.name.value: n.selection_set for n in document.definitions if isinstance(n, FragmentDefinitionNode)}
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    places: list[Place] = [(1, [node.selection_set]) for node in operations]
    count = 0
    while places and count <= enough:
        level, meeting = places.pop()
        selections = _spread(meeting, fragments)
        count += len(selections)
        for fields in _by_name(selections):
            count += len(fields) * (len(fields) - 1) // 2
            below = [field.selection_set for field in fields if field.selection_set]
            if below and level < levels:
                places.append((level + 1, below))
    return count


def _spread(meeting: Iterable[SelectionSetNode], fragments: Fragments) -> list[SelectionNode]:
    """Every selection of one place, those of fragments included; a fragment counts once there, as in execution."""
    found: list[SelectionNode] = []
    pending, seen = list(meeting), set[str]()
    while pending:
        for node in pending.pop().selections:
            found.append(node)
            if isinstance(node, InlineFragmentNode):
                pending.append(node.selection_set)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                seen.add(node.name.value)
                pending += [fragments[node.name.value]] if node.name.value in fragments else []
    return found


def _by_name(selections: Iterable[SelectionNode]) -> Iterable[list[FieldNode]]:
    fields: dict[str, list[FieldNode]] = {}
    for node in selections:
        if isinstance(node, FieldNode):
            fields.setdefault((node.alias or node.name).value, []).append(node)
    return fields.values()
