"""Row builders: one comprehension makes the answer's dicts of a whole level, with the checks GraphQL demands of leaves.

A builder does what is common and raises `Odd` at anything else: the level is then completed value by value, with every
rule. For a few objects it is made of closures, here; for many it is generated code, in `generated`. Generated builders
are shared: two documents that select the same fields of a type run the same function.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from graphql import GraphQLList, GraphQLNonNull, Undefined
from graphql.execution import default_field_resolver

from graphfold.execution.kinds import is_simply_a_value, reads_alike

if TYPE_CHECKING:
    from graphfold.execution.plan import Step

__all__ = [
    "Builder",
    "Odd",
    "Reading",
    "Way",
    "attribute_of",
    "careful",
    "no",
    "one_way",
    "reading_of",
    "required_in",
    "simple_builder",
    "way_of",
]

Builder = Callable[[list[Any]], list[dict[str, Any]]]
Way = str | Any
"""How objects are read: a word, or the class of decoded rows."""


class Odd(Exception):
    """Something a builder does not do."""


class Reading(enum.Enum):
    """How a plain leaf gets its value."""

    TYPENAME = enum.auto()
    ATTRIBUTE = enum.auto()
    FUNCTION = enum.auto()
    DEFAULT = enum.auto()


def reading_of(step: Step) -> Reading | None:
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
    if step.known is not None and step.known.attribute is not None:
        return Reading.ATTRIBUTE
    if step.known is not None and step.known.pure is not None:
        return Reading.FUNCTION
    return Reading.DEFAULT if step.resolve is default_field_resolver else None


def attribute_of(step: Step) -> str | None:
    """The attribute of an object that a plain step reads."""
    if step.reading is Reading.ATTRIBUTE and step.known is not None:
        return step.known.attribute
    return step.name if step.reading is Reading.DEFAULT else None


def way_of(kind: type, steps: list[Step]) -> Way:
    """How objects of this type are read: as "dict", by "attribute", as decoded rows of their class, or "odd": a level
    of these is read only once.

    graphql-core's default resolver looks fields up as keys or as attributes.
    """
    if hasattr(kind, "reads_"):
        return kind
    if any(step.reading is Reading.DEFAULT for step in steps):
        if kind is dict:
            return "dict"
        if issubclass(kind, Mapping):
            return "odd"
    names = [name for name in map(attribute_of, steps) if name]
    return "attribute" if not names or reads_alike(kind, names) else "odd"


def one_way(ways: set[Way]) -> Way:
    """The way that all objects of a level are read; rows of several classes by attribute."""
    if len(ways) == 1:
        return next(iter(ways))
    return "odd" if ways & {"odd", "dict"} else "attribute"


def simple_builder(steps: list[Step], way: Way) -> Builder:
    """Slower for each object, nothing to compile: for few objects, and for documents that are seen once."""
    cells = [(step.key, *_cell(step, way)) for step in steps]

    def build(objects: list[Any]) -> list[dict[str, Any]]:
        return [
            {key: constant if get is None or check is None else check(get(o)) for key, get, check, constant in cells}
            for o in objects
        ]

    return build


def _cell(step: Step, way: Way) -> tuple[Callable[[Any], Any] | None, Callable[[Any], Any] | None, Any]:
    if step.reading is None or step.reading is Reading.TYPENAME:
        return None, None, step.parent.name if step.reading else None
    return _getter(step, way), _checked(step.type), None


def _getter(step: Step, way: Way) -> Callable[[Any], Any]:
    name, field = step.name, step.known
    if step.reading is Reading.ATTRIBUTE and field is not None and field.attribute is not None:
        return attrgetter(field.attribute)
    if step.reading is Reading.FUNCTION and field is not None and field.pure is not None:
        return field.pure
    if way == "dict":
        return lambda o: o.get(name)
    return lambda o: getattr(o, name, None)


def _checked(declared: Any) -> Callable[[Any], Any]:
    required, inner = required_in(declared)
    if not isinstance(inner, GraphQLList):
        return careful(inner, required)
    item_required, item_type = required_in(inner.of_type)
    item = careful(item_type, item_required)

    def checked(value: Any) -> Any:
        if type(value) is list:
            return [item(x) for x in value]
        return None if value is None and not required else no()

    return checked


def required_in(declared: Any) -> tuple[bool, Any]:
    required = isinstance(declared, GraphQLNonNull)
    return required, declared.of_type if required else declared


def no() -> Any:
    raise Odd


@lru_cache(1024)
def careful(kind: Any, required: bool) -> Callable[[Any], Any]:
    """The leaf type's own coercion, for values that are simply values."""
    coerce = kind.coerce_output_value

    def checked(value: Any) -> Any:
        if value is None and not required:
            return None
        if not is_simply_a_value(type(value)):
            raise Odd
        result = coerce(value)
        if result is None or result is Undefined:
            raise Odd
        return result

    return checked
