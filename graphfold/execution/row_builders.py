"""Build rows: the response's dicts of a whole level in one comprehension, with the checks of GraphQL for leaves.

A builder handles what is common and raises `UnusualValue` at anything else; the level is then completed value by value,
with every rule. For few objects it is made of closures, here; from `WORTH_COMPILING` objects on it is generated code
(`generated_builders`), which is shared: documents that select the same fields of a type run the same function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter
from typing import Any

from graphql import GraphQLList, GraphQLObjectType, GraphQLOutputType
from graphql.execution import Executor

from graphfold.execution.generated_builders import Part, generated_builder
from graphfold.execution.plan import ChosenBuilder, Reading, ReadMode, RowBuilder, Selection, Step, nullable
from graphfold.execution.value_checks import (
    decoded_in,
    is_of_type,
    is_reread_safe,
    leaf_check,
    raise_unusual,
    required_in,
)

__all__ = ["choose_builder", "empty_rows"]

WORTH_COMPILING = 50
"""Objects of one selection from which generated code pays: compiling costs some 100 us, and saves 0.4 us a leaf."""


def choose_builder(selection: Selection, objects: list[Any], executor: Executor[Any]) -> ChosenBuilder | None:
    """Return a builder for the rows of a level; None if one of the objects must not be read twice.

    A level whose values are unusual is read again value by value, so reading must not have effects.
    """
    modes, seen = set(), selection.read_modes
    for kind in set(map(type, objects)):
        if kind not in seen:
            seen[kind] = _read_mode(kind, selection.plain)
        modes.add(seen[kind])
    mode = _common_mode(modes)
    if mode == "once":
        return None
    selection.objects_seen += len(objects)
    worth_compiling = selection.objects_seen > WORTH_COMPILING
    chosen = selection.builders.get(mode)
    if chosen is None or (worth_compiling and not chosen.compiled):
        if worth_compiling:
            chosen = _generated(selection, mode, executor)
        else:
            chosen = ChosenBuilder(_closure_builder(selection.all, mode), selection.steps, compiled=False)
        selection.builders[mode] = chosen
    return chosen


def empty_rows(selection: Selection, objects: list[Any]) -> list[dict[str, Any]]:
    """Return rows with nothing filled in, for a level that is completed value by value."""
    keys = [step.key for step in selection.all]
    return [dict.fromkeys(keys) for _ in objects]


def _generated(selection: Selection, mode: ReadMode, executor: Executor[Any]) -> ChosenBuilder:
    parts = {} if isinstance(mode, str) else dict(_parts(selection, mode, executor))
    steps = [step for step in selection.steps if step not in parts]
    return ChosenBuilder(generated_builder(selection.all, mode, parts), steps, compiled=True)


def _parts(selection: Selection, row: Any, executor: Executor[Any]) -> Iterator[tuple[Step, Part]]:
    """Yield the fields that are objects inside a decoded row, of which only plain fields are selected."""
    for step in selection.steps:
        declared, attribute = nullable(step.type), step.direct.attribute if step.direct is not None else None
        kind = decoded_in(row, attribute) if attribute is not None else None
        if kind is None or not isinstance(declared, GraphQLObjectType) or not is_of_type(declared, (), {kind}):
            continue
        inner = step.selection(declared, executor)
        if not inner.steps:
            yield step, Part(kind, inner.all)


def _read_mode(kind: type, steps: list[Step]) -> ReadMode:
    """Return how objects of a type are read by these steps."""
    if hasattr(kind, "reads_"):  # a class of decoded rows
        return kind
    if any(step.reading is Reading.DEFAULT for step in steps):
        # graphql-core's default resolver takes keys of a mapping, but attributes of anything else.
        if kind is dict:
            return "dict"
        if issubclass(kind, Mapping):
            return "once"
    names = [name for name in (step.attribute for step in steps) if name]
    return "attribute" if not names or is_reread_safe(kind, names) else "once"


def _common_mode(modes: set[ReadMode]) -> ReadMode:
    """Return how all objects of a level can be read; decoded rows of several classes by attribute."""
    if len(modes) == 1:
        return next(iter(modes))
    return "once" if modes & {"once", "dict"} else "attribute"


def _closure_builder(steps: list[Step], mode: ReadMode) -> RowBuilder:
    cells = [(step.key, *_cell(step, mode)) for step in steps]

    def build(objects: list[Any]) -> list[dict[str, Any]]:
        return [
            {key: constant if get is None or check is None else check(get(o)) for key, get, check, constant in cells}
            for o in objects
        ]

    return build


def _cell(step: Step, mode: ReadMode) -> tuple[Callable[[Any], Any] | None, Callable[[Any], Any] | None, str | None]:
    """Return a getter and a check of the field's value, or a constant."""
    if step.reading is None or step.reading is Reading.TYPENAME:
        return None, None, step.parent.name if step.reading else None
    return _getter(step, mode), _value_check(step.type), None


def _getter(step: Step, mode: ReadMode) -> Callable[[Any], Any]:
    name, direct = step.name, step.direct
    if step.reading is Reading.ATTRIBUTE and direct is not None and direct.attribute is not None:
        return attrgetter(direct.attribute)
    if step.reading is Reading.FUNCTION and direct is not None and direct.pure is not None:
        return direct.pure
    if mode == "dict":
        return lambda o: o.get(name)
    return lambda o: getattr(o, name, None)


def _value_check(declared: GraphQLOutputType) -> Callable[[Any], Any]:
    """Return a function that coerces a leaf or a list of leaves."""
    required, inner = required_in(declared)
    if not isinstance(inner, GraphQLList):
        return leaf_check(inner, required)
    item_required, item_type = required_in(inner.of_type)
    check_item = leaf_check(item_type, item_required)

    def check(value: Any) -> Any:
        if type(value) is list:
            return [check_item(item) for item in value]
        return None if value is None and not required else raise_unusual()

    return check
