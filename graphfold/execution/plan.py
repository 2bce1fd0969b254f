"""Define plans: selections of steps, which are data. A runner runs them, `graphfold.explain` prints them.

Steps and selections are made when a level first needs them: what is below a field depends on the object types met.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any, NamedTuple

from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLSchema,
    OperationDefinitionNode,
    get_named_type,
)
from graphql.execution import Executor, default_field_resolver
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, collect_subfields

from graphfold.execution.direct_fields import DirectField, direct_field
from graphfold.execution.links import Link

__all__ = ["ChosenBuilder", "Plan", "ReadMode", "Reading", "RowBuilder", "Selection", "Step", "nullable"]

RowBuilder = Callable[[list[Any]], list[dict[str, Any]]]
ReadMode = str | Any
"""How a level's objects are read: as "dict", by "attribute", "once" at most, or a class of decoded rows."""


class Reading(enum.Enum):
    """How a row builder gets the value of a plain leaf."""

    TYPENAME = enum.auto()
    ATTRIBUTE = enum.auto()
    FUNCTION = enum.auto()
    """By calling a pure function of the object."""
    DEFAULT = enum.auto()
    """By graphql-core's default resolver: a key of a dict, or an attribute."""


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
        """Results that other rooms keep with the plan because they are true for as long as the plan is."""
        self.root: Selection


class Step:
    """One field of one selection.

    `reading` and `attribute` say how a row builder reads it; both are None for a field that is run as a step.
    `direct` is what is known of a Strawberry field that can be called without Strawberry.
    """

    __slots__ = (
        "attribute",
        "details",
        "direct",
        "field",
        "key",
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
        self.direct: DirectField | None = direct_field(field)
        self.reading: Reading | None = _reading_of(self)
        self.attribute: str | None = self.name if self.reading is Reading.DEFAULT else None
        if self.reading is Reading.ATTRIBUTE and self.direct is not None:
            self.attribute = self.direct.attribute
        self.selections: dict[GraphQLObjectType, Selection] = {}

    @property
    def link(self) -> Link | None:
        """The load that the field is, if its resolver does nothing else."""
        return self.direct.link if self.direct is not None and not self.takes_arguments else None

    def selection(self, kind: GraphQLObjectType, executor: Executor[Any]) -> Selection:
        """Return what is selected of objects of this type below the field."""
        selection = self.selections.get(kind)
        if selection is None:
            plan, variables, hide = self.plan, executor.variable_values, executor.hide_suggestions
            collected = collect_subfields(
                plan.schema, plan.fragments, variables, plan.operation, kind, self.details, hide
            )
            selection = self.selections[kind] = Selection(plan, kind, collected.grouped_field_set)
        return selection


class ChosenBuilder(NamedTuple):
    """A row builder that suits a level, and the steps that remain to be run.

    `build` fills in the plain fields and sets the others to None. It raises at unusual values.
    """

    build: RowBuilder
    steps: list[Step]
    compiled: bool


class Selection:
    """The fields of one object type at one place of the response: row builders make the `plain` ones, `steps` are run.

    `read_modes`, `builders` and `objects_seen` are the memory of `row_builders.choose_builder`.
    """

    def __init__(self, plan: Plan, kind: GraphQLObjectType, grouped: dict[str, list[FieldDetails]]) -> None:
        self.kind = kind
        self.all: list[Step] = []
        for key, details in grouped.items():
            field = plan.schema.get_field(kind, details[0].node.name.value)
            if field is not None:
                self.all.append(Step(plan, len(self.all), key, details, kind, field))
        self.plain = [step for step in self.all if step.reading is not None]
        self.steps = [step for step in self.all if step.reading is None]
        self.read_modes: dict[type, ReadMode] = {}
        self.builders: dict[ReadMode, ChosenBuilder] = {}
        self.objects_seen = 0

    def loaded_by(self, attribute: str | None) -> list[Step]:
        """Return the steps that load by this attribute of the objects and nothing else."""
        return [step for step in self.steps if step.link is not None and step.link.key == attribute]


def nullable(declared: Any) -> Any:
    """Return the type without its outer non-null."""
    return declared.of_type if isinstance(declared, GraphQLNonNull) else declared


def _reading_of(step: Step) -> Reading | None:
    """Return how a row builder can read a field; None if it has to be run."""
    if not step.leaf or step.takes_arguments:
        return None
    if step.name == "__typename":
        return Reading.TYPENAME
    inner: Any = step.type.of_type if isinstance(step.type, GraphQLNonNull) else step.type
    if isinstance(inner, GraphQLList):
        item: Any = inner.of_type.of_type if isinstance(inner.of_type, GraphQLNonNull) else inner.of_type
        if isinstance(item, GraphQLList):
            return None
    if step.direct is not None and step.direct.attribute is not None:
        return Reading.ATTRIBUTE
    if step.direct is not None and step.direct.pure is not None:
        return Reading.FUNCTION
    return Reading.DEFAULT if step.resolve is default_field_resolver else None
