"""What a plan is: selections of steps. A plan is data: `run` runs it, `explain` prints it, limits and traces read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLSchema,
    OperationDefinitionNode,
    get_named_type,
)
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, collect_subfields

from graphfold.execution.fields import Known, known
from graphfold.execution.generated import Part, compiled_builder
from graphfold.execution.kinds import decoded_in, is_of_kind
from graphfold.execution.links import Link
from graphfold.execution.rows import Builder, Reading, Way, one_way, reading_of, simple_builder, way_of

__all__ = ["Plan", "Selection", "Step", "nullable"]

WORTH_COMPILING = 50
"""Objects of one selection from which a generated row builder pays: compiling costs some 100 us, saves 0.4 a leaf."""


class Plan:
    """One operation of one document, for one choice of the variables that decide what is included."""

    def __init__(
        self,
        schema: GraphQLSchema,
        operation: OperationDefinitionNode,
        fragments: dict[str, FragmentDetails],
        field_resolver: Callable[..., Any],
    ) -> None:
        self.schema, self.operation, self.fragments = schema, operation, fragments
        self.field_resolver = field_resolver
        self.remarks: dict[Any, Any] = {}
        """What others have worked out about this plan: it stays true as long as the plan does."""
        self.root: Selection


class Step:
    """One field of one selection."""

    __slots__ = (
        "details",
        "field",
        "key",
        "known",
        "leaf",
        "name",
        "nodes",
        "order",
        "parent",
        "plan",
        "reading",
        "resolve",
        "selections",
        "takes_arguments",
        "type",
    )

    def __init__(
        self,
        plan: Plan,
        order: int,
        key: str,
        details: list[FieldDetails],
        parent: GraphQLObjectType,
        field: GraphQLField,
    ) -> None:
        self.plan, self.order, self.key, self.details = plan, order, key, details
        self.nodes: list[FieldNode] = [detail.node for detail in details]
        self.name = self.nodes[0].name.value
        self.parent, self.field = parent, field
        self.type: GraphQLOutputType = field.type
        self.resolve = field.resolve or plan.field_resolver
        self.takes_arguments = bool(field.args or self.nodes[0].arguments)
        self.leaf = isinstance(get_named_type(field.type), GraphQLScalarType | GraphQLEnumType)
        self.known: Known | None = known(field)
        self.reading: Reading | None = reading_of(self)
        self.selections: dict[GraphQLObjectType, Selection] = {}

    @property
    def link(self) -> Link | None:
        """Set where the field is only a load."""
        return self.known.link if self.known is not None and not self.takes_arguments else None

    def selection(self, kind: GraphQLObjectType, executor: Any) -> Selection:
        """What is selected of objects of this type below the field; compiled when it is first met."""
        found = self.selections.get(kind)
        if found is None:
            plan, variables, hide = self.plan, executor.variable_values, executor.hide_suggestions
            collected = collect_subfields(
                plan.schema, plan.fragments, variables, plan.operation, kind, self.details, hide
            )
            found = self.selections[kind] = Selection(plan, kind, collected.grouped_field_set)
        return found


class Building(NamedTuple):
    """`build` fills in plain fields, the others are None for now; it raises at odd values. `steps` are still to run."""

    build: Builder
    steps: list[Step]
    compiled: bool


class Selection:
    """The fields of one object type at one place: `plain` ones go into the row builder, `steps` are run."""

    def __init__(self, plan: Plan, kind: GraphQLObjectType, grouped: dict[str, list[FieldDetails]]) -> None:
        self.kind = kind
        self.all: list[Step] = []
        for key, details in grouped.items():
            field = plan.schema.get_field(kind, details[0].node.name.value)
            if field is not None:
                self.all.append(Step(plan, len(self.all), key, details, kind, field))
        self.plain = [step for step in self.all if step.reading is not None]
        self.steps = [step for step in self.all if step.reading is None]
        self._ways: dict[type, Way] = {}
        self._builders: dict[Way, Building] = {}
        self._seen = 0

    def loaded_by(self, key: str | None) -> list[Step]:
        """The steps that load by this attribute of the objects and nothing else."""
        return [step for step in self.steps if step.link is not None and step.link.key == key]

    def building(self, objects: list[Any], executor: Any) -> Building | None:
        """How the rows of a level are made, and what is left to run then.

        None for objects that can be read only once.
        """
        way = self._way(objects)
        if way == "odd":
            return None
        self._seen += len(objects)
        worth = self._seen > WORTH_COMPILING
        known_building = self._builders.get(way)
        if known_building is None or (worth and not known_building.compiled):
            make = self._compiled if worth else self._simple
            known_building = self._builders[way] = make(way, executor)
        return known_building

    def _simple(self, way: Way, _executor: Any) -> Building:
        return Building(simple_builder(self.all, way), self.steps, compiled=False)

    def _compiled(self, way: Way, executor: Any) -> Building:
        parts = {} if isinstance(way, str) else dict(self._parts(way, executor))
        steps = [step for step in self.steps if step not in parts]
        return Building(compiled_builder(self.all, way, parts), steps, compiled=True)

    def _parts(self, row: Any, executor: Any) -> Iterator[tuple[Step, Part]]:
        """The fields that are objects inside the row, of which only plain fields are selected."""
        for step in self.steps:
            declared, attribute = nullable(step.type), step.known.attribute if step.known is not None else None
            kind = decoded_in(row, attribute) if attribute is not None else None
            if kind is None or not isinstance(declared, GraphQLObjectType) or not is_of_kind(declared, (), {kind}):
                continue
            inner = step.selection(declared, executor)
            if not inner.steps:
                yield step, Part(kind, inner.all)

    def _way(self, objects: list[Any]) -> Way:
        ways, known_ways = set(), self._ways
        for kind in set(map(type, objects)):
            if kind not in known_ways:
                known_ways[kind] = way_of(kind, self.plain)
            ways.add(known_ways[kind])
        return one_way(ways)

    def empty(self, objects: list[Any]) -> list[dict[str, Any]]:
        """Rows with nothing filled in: for a level that is completed value by value."""
        keys = [step.key for step in self.all]
        return [dict.fromkeys(keys) for _ in objects]


def nullable(declared: Any) -> Any:
    """The type without its outer non-null."""
    return declared.of_type if isinstance(declared, GraphQLNonNull) else declared
