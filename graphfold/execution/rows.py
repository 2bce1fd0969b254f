"""Row builders: one comprehension makes the answer's dicts of a whole level, with the checks GraphQL demands of leaves.

A builder does what is common and raises `Odd` at anything else: the level is then completed value by value, with every
rule. For a few objects it is made of closures; for many it is generated code. Generated builders are shared: two
documents that select the same fields of a type run the same function.
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
from graphfold.rows.wire import Conversion

if TYPE_CHECKING:
    from graphfold.execution.plan import Step
    from graphfold.rows.structs import WireRead

__all__ = [
    "Builder",
    "Odd",
    "Reading",
    "Way",
    "attribute_of",
    "compiled_builder",
    "one_way",
    "reading_of",
    "simple_builder",
    "way_of",
]

Builder = Callable[[list[Any]], list[dict[str, Any]]]
Way = str | Any
"""How objects are read: a word, or the class of decoded rows."""

_PASSES = {
    "String": "type({v}) is str",
    "ID": "type({v}) is str",
    "Boolean": "type({v}) is bool",
    "Int": "type({v}) is int and -2147483649 < {v} < 2147483648",
    "Float": "type({v}) is float and {v} - {v} == 0",
}
"""Values of exactly this Python type are already what the built-in scalar's coercion would make of them."""


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


def compiled_builder(steps: list[Step], way: Way) -> Builder:
    """The same as generated code."""
    scope: dict[str, Any] = {"no": _no}
    items = [f"{step.key!r}: {_expression(step, i, way, scope)}" for i, step in enumerate(steps)]
    source = f"def build(objects):\n return [{{{', '.join(items)}}} for o in objects]"  # keys are GraphQL names
    return _compiled(source, tuple(scope.items()))


@lru_cache(2048)
def _compiled(source: str, scope: tuple[tuple[str, Any], ...]) -> Builder:
    names = dict(scope)
    exec(source, names)
    build: Builder = names["build"]
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


def _expression(step: Step, i: int, way: Way, scope: dict[str, Any]) -> str:
    if step.reading is None:
        return "None"
    if step.reading is Reading.TYPENAME:
        return repr(step.parent.name)
    required, inner = _required(step.type)
    if isinstance(inner, GraphQLList):
        return _listed(inner, required, i, _source(step, i, way, scope), scope)
    read = None if isinstance(way, str) else way.reads_.get(attribute_of(step))
    if read is None:
        return _leaf(inner, required, f"v{i}", f"(v{i} := {_source(step, i, way, scope)})", f"odd{i}", scope)
    return _wire_leaf(read, inner, required, i, scope)


def _listed(declared: GraphQLList[Any], required: bool, i: int, get: str, scope: dict[str, Any]) -> str:
    item_required, item_type = _required(declared.of_type)
    item = _leaf(item_type, item_required, "x", "x", f"odd{i}", scope)
    none = "no()" if required else f"None if v{i} is None else no()"
    return f"([{item} for x in v{i}] if type(v{i} := {get}) is list else {none})"


def _wire_leaf(read: WireRead, kind: Any, required: bool, i: int, scope: dict[str, Any]) -> str:
    """A leaf of a decoded row, read from the wire's value and not through the row's property."""
    get = f"o.{read.path[0]}"
    for step in read.path[1:]:
        get = f"(None if (v{i} := {get}) is None else v{i}.{step})"
    if read.convert is None:
        return _leaf(kind, required, f"v{i}", f"(v{i} := {get})", f"odd{i}", scope)
    told = read.convert.told.get(kind.coerce_output_value) or _told(read.convert, kind)
    scope[f"convert{i}"] = told or read.convert.convert
    get = f"convert{i}({get})" if required else f"(None if (v{i} := {get}) is None else convert{i}(v{i}))"
    return get if told else _leaf(kind, required, f"v{i}", f"(v{i} := {get})", f"odd{i}", scope)


def _source(step: Step, i: int, way: Way, scope: dict[str, Any]) -> str:
    field = step.known
    if step.reading is Reading.ATTRIBUTE and field is not None:
        return f"o.{field.attribute}"
    if step.reading is Reading.FUNCTION and field is not None:
        scope[f"pure{i}"] = field.pure
        return f"pure{i}(o)"
    return f"o.get({step.name!r})" if way == "dict" else f"getattr(o, {step.name!r}, None)"


@lru_cache(1024)
def _told(convert: Conversion[Any, Any], kind: Any) -> Callable[[Any], Any] | None:
    """From the wire to the answer in one step, for a conversion of few values; None where one of them is odd."""
    if convert.table is None:
        return None
    careful = _careful(kind, required=True)
    try:
        return {theirs: careful(ours) for theirs, ours in convert.table.items()}.__getitem__
    except Exception:
        return None


def _leaf(kind: Any, required: bool, name: str, first: str, odd: str, scope: dict[str, Any]) -> str:
    scope[odd] = _careful(kind, required)
    test = _PASSES.get(kind.name)
    if test is None:
        return f"{odd}({first})"
    test = test.replace("{v}", first, 1).replace("{v}", name)
    none = "" if required else f"None if {name} is None else "
    return f"({name} if {test} else {none}{odd}({name}))"


def _checked(declared: Any) -> Callable[[Any], Any]:
    required, inner = _required(declared)
    if not isinstance(inner, GraphQLList):
        return _careful(inner, required)
    item_required, item_type = _required(inner.of_type)
    item = _careful(item_type, item_required)

    def checked(value: Any) -> Any:
        if type(value) is list:
            return [item(x) for x in value]
        return None if value is None and not required else _no()

    return checked


def _required(declared: Any) -> tuple[bool, Any]:
    required = isinstance(declared, GraphQLNonNull)
    return required, declared.of_type if required else declared


def _no() -> Any:
    raise Odd


@lru_cache(1024)
def _careful(kind: Any, required: bool) -> Callable[[Any], Any]:
    """The leaf type's own coercion, for values that are simply values."""
    coerce = kind.coerce_output_value

    def careful(value: Any) -> Any:
        if value is None and not required:
            return None
        if not is_simply_a_value(type(value)):
            raise Odd
        result = coerce(value)
        if result is None or result is Undefined:
            raise Odd
        return result

    return careful
