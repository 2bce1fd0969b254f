"""Limits on what one query may ask for, checked before anything runs. Every refusal names limit, value and setting.

The shape of a query (depth, aliases, root fields) is measured in one pass: a fragment is measured once, however often
it is spread, so a few hundred bytes of fragments that spread one another cost no more than they are long. Depth counts
levels of fields; introspection is counted apart, since the standard introspection query is deeper than most limits.
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

__all__ = ["Shape", "exceeded", "limit_rule"]

_INTROSPECTION = ("__schema", "__type")


@dataclass(frozen=True, slots=True)
class Shape:
    """How large a selection is. `depth` and `introspection` in levels, the others in fields; fragments are followed."""

    depth: int = 0
    introspection: int = 0
    aliases: int = 0
    fields: int = 0

    def beside(self, other: Shape) -> Shape:
        """Both in one selection."""
        return Shape(
            max(self.depth, other.depth),
            max(self.introspection, other.introspection),
            self.aliases + other.aliases,
            self.fields + other.fields,
        )

    def below(self, field: FieldNode) -> Shape:
        """This selection under that field."""
        aliases = self.aliases + (field.alias is not None)
        if field.name.value in _INTROSPECTION:
            return Shape(0, 1 + self.depth, aliases, 1)
        return Shape(1 + self.depth, self.introspection, aliases, 1)


_EMPTY = Shape()


class Ruler:
    """Measures the selections of one document."""

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
            self._measured[name] = _EMPTY  # what it counts as inside itself: a cycle is another rule's business
            self._measured[name] = self.measure(self._fragments.get(name))
        return self._measured[name]


def exceeded(what: str, limit: int, setting: str) -> LimitExceeded:
    """The refusal in its one form."""
    return LimitExceeded(f"{what}; the limit is {limit:,} (GRAPHFOLD_{setting.upper()}).")


def _exceeded(shape: Shape, settings: Settings) -> Iterator[LimitExceeded]:
    if shape.depth > settings.max_depth:
        yield exceeded(f"The query is {shape.depth} levels deep", settings.max_depth, "max_depth")
    if shape.introspection > settings.max_introspection_depth:
        told = f"The introspection is {shape.introspection} levels deep"
        yield exceeded(told, settings.max_introspection_depth, "max_introspection_depth")
    if shape.aliases > settings.max_aliases:
        yield exceeded(f"The query has {shape.aliases:,} aliases", settings.max_aliases, "max_aliases")
    if shape.fields > settings.max_root_fields:
        yield exceeded(f"The query has {shape.fields:,} root fields", settings.max_root_fields, "max_root_fields")


def limit_rule(settings: Settings) -> type[ValidationRule]:
    """The rule that holds these limits. Make it once per schema: caches of validation compare rules by identity."""

    class LimitRule(ValidationRule):
        def __init__(self, context: ValidationContext) -> None:
            super().__init__(context)
            self._ruler = Ruler(context.document)

        def enter_document(self, node: DocumentNode, *_: Any) -> None:
            levels = max(settings.max_depth, settings.max_introspection_depth) + 1
            if count_selections(node, enough=settings.max_selections, levels=levels) > settings.max_selections:
                error = exceeded("The query selects too much, too often", settings.max_selections, "max_selections")
                self.report_error(GraphQLError(error.message, original_error=error))

        def enter_operation_definition(self, node: OperationDefinitionNode, *_: Any) -> VisitorAction:
            for error in _exceeded(self._ruler.measure(node.selection_set), settings):
                self.report_error(GraphQLError(error.message, node, original_error=error))
            return SKIP

        def enter_fragment_definition(self, *_: Any) -> VisitorAction:
            return SKIP

    return LimitRule
