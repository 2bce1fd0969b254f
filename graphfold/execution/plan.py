"""What a plan is: selections of steps. A plan is data: `run` runs it, `explain` prints it, limits and traces read."""

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
from graphql.execution import default_field_resolver
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, collect_subfields

from graphfold.execution.direct_fields import DirectField, direct_field
from graphfold.execution.links import Link

__all__ = ["Plan", "ReadMode", "Reading", "RowBuilder", "RowBuilding", "Selection", "Step", "nullable"]

RowBuilder = Callable[[list[Any]], list[dict[str, Any]]]
ReadMode = str | Any
"""How objects are read: a word, or the class of decoded rows."""


class Reading(enum.Enum):
    """How a plain leaf gets its value."""

    TYPENAME = enum.auto()
    ATTRIBUTE = enum.auto()
    FUNCTION = enum.auto()
    DEFAULT = enum.auto()


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
        """Set where the field is only a load."""
        return self.direct.link if self.direct is not None and not self.takes_arguments else None

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


class RowBuilding(NamedTuple):
    """`build` fills in plain fields, the others are None for now; it raises at odd values. `steps` are still to run."""

    build: RowBuilder
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
        self.read_modes: dict[type, ReadMode] = {}
        self.row_buildings: dict[ReadMode, RowBuilding] = {}
        self.objects_seen = 0

    def loaded_by(self, key: str | None) -> list[Step]:
        """The steps that load by this attribute of the objects and nothing else."""
        return [step for step in self.steps if step.link is not None and step.link.key == key]


def nullable(declared: Any) -> Any:
    """The type without its outer non-null."""
    return declared.of_type if isinstance(declared, GraphQLNonNull) else declared


def _reading_of(step: Step) -> Reading | None:
    """How a step can be read by a row builder; None where it has to be run."""
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
