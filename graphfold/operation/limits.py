"""Check the limits of a query before it runs. Every refusal names the limit, the value and the setting.

The shape of a query (depth, aliases, root fields) is measured in one pass. A fragment is measured once, however often
it is spread, so fragments that spread one another cost time in proportion to their length, not to their expansion.
Depth counts levels of fields. Introspection is counted apart, because the standard introspection query is deeper than
most limits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from graphql import (
    SKIP,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    ValidationContext,
    ValidationRule,
    VisitorAction,
)

from graphfold.errors import LimitExceeded
from graphfold.operation.selection_count import count_selections
from graphfold.settings import Settings

__all__ = ["Shape", "limit_exceeded", "limit_rule"]

_INTROSPECTION = ("__schema", "__type")


@dataclass(frozen=True, slots=True)
class Shape:
    """The size of a selection set with its fragments: `depth` and `introspection` in levels, the others counted."""

    depth: int = 0
    introspection: int = 0
    aliases: int = 0
    root_fields: int = 0

    def beside(self, other: Shape) -> Shape:
        """Return the shape of both selections in one selection set."""
        return Shape(
            max(self.depth, other.depth),
            max(self.introspection, other.introspection),
            self.aliases + other.aliases,
            self.root_fields + other.root_fields,
        )

    def below(self, field: FieldNode) -> Shape:
        """Return the shape of a field whose selection set has this shape."""
        aliases = self.aliases + (field.alias is not None)
        if field.name.value in _INTROSPECTION:
            return Shape(0, 1 + self.depth, aliases, 1)
        return Shape(1 + self.depth, self.introspection, aliases, 1)


_EMPTY = Shape()


class ShapeMeasurer:
    """Measures the selection sets of one document."""

    def __init__(self, document: DocumentNode) -> None:
        fragments = (node for node in document.definitions if isinstance(node, FragmentDefinitionNode))
        self._fragments = {node.name.value: node.selection_set for node in fragments}
        self._measured: dict[str, Shape] = {}

    def measure(self, selection_set: SelectionSetNode | None) -> Shape:
        shape = _EMPTY
        for selection in selection_set.selections if selection_set else ():
            shape = shape.beside(self._selection(selection))
        return shape

    def _selection(self, selection: SelectionNode) -> Shape:
        if isinstance(selection, FieldNode):
            return self.measure(selection.selection_set).below(selection)
        if isinstance(selection, FragmentSpreadNode):
            return self._fragment(selection.name.value)
        assert isinstance(selection, InlineFragmentNode)
        return self.measure(selection.selection_set)

    def _fragment(self, name: str) -> Shape:
        if name not in self._measured:
            self._measured[name] = _EMPTY  # inside itself; NoFragmentCyclesRule reports the cycle
            self._measured[name] = self.measure(self._fragments.get(name))
        return self._measured[name]


def limit_exceeded(what: str, limit: int, setting: str) -> LimitExceeded:
    """Return the refusal of a query. `what` is the start of its sentence, `setting` the field of `Settings`."""
    return LimitExceeded(f"{what}; the limit is {limit:,} (GRAPHFOLD_{setting.upper()}).")


def _violations(shape: Shape, settings: Settings) -> Iterator[LimitExceeded]:
    if shape.depth > settings.max_depth:
        yield limit_exceeded(f"The query is {shape.depth} levels deep", settings.max_depth, "max_depth")
    if shape.introspection > settings.max_introspection_depth:
        what = f"The introspection is {shape.introspection} levels deep"
        yield limit_exceeded(what, settings.max_introspection_depth, "max_introspection_depth")
    if shape.aliases > settings.max_aliases:
        yield limit_exceeded(f"The query has {shape.aliases:,} aliases", settings.max_aliases, "max_aliases")
    if shape.root_fields > settings.max_root_fields:
        yield limit_exceeded(
            f"The query has {shape.root_fields:,} root fields", settings.max_root_fields, "max_root_fields"
        )


def limit_rule(settings: Settings) -> type[ValidationRule]:
    """Return the rule for these limits. Make it once per schema: validation caches compare rules by identity."""

    class LimitRule(ValidationRule):
        def __init__(self, context: ValidationContext) -> None:
            super().__init__(context)
            self._measurer = ShapeMeasurer(context.document)

        def enter_document(self, node: DocumentNode, *_: Any) -> None:
            levels = max(settings.max_depth, settings.max_introspection_depth) + 1
            if count_selections(node, enough=settings.max_selections, levels=levels) > settings.max_selections:
                error = limit_exceeded(
                    "The query selects too much, too often", settings.max_selections, "max_selections"
                )
                self.report_error(GraphQLError(error.message, original_error=error))

        def enter_operation_definition(self, node: OperationDefinitionNode, *_: Any) -> VisitorAction:
            for error in _violations(self._measurer.measure(node.selection_set), settings):
                self.report_error(GraphQLError(error.message, node, original_error=error))
            return SKIP

        def enter_fragment_definition(self, *_: Any) -> VisitorAction:
            return SKIP

    return LimitRule
