"""Row builders: one comprehension makes the answer's dicts of a whole level, with the checks GraphQL demands of leaves.

A builder does what is common and raises `UnusualValue` at anything else: the level is then completed value by value,
with every rule. For a few objects it is made of closures, here; for many it is generated code, in `generated_builders`.
Generated builders are shared: two documents that select the same fields of a type run the same function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter
from typing import Any

from graphql import GraphQLList, GraphQLObjectType

from graphfold.execution.generated_builders import Part, compiled_builder
from graphfold.execution.plan import Reading, ReadMode, RowBuilder, RowBuilding, Selection, Step, nullable
from graphfold.execution.value_checks import decoded_in, is_of_kind, leaf_check, no, reads_alike, required_in

__all__ = ["empty_rows", "row_building"]

WORTH_COMPILING = 50
"""Objects of one selection from which a generated row builder pays: compiling costs some 100 us, saves 0.4 a leaf."""


def row_building(selection: Selection, objects: list[Any], executor: Any) -> RowBuilding | None:
    """Return how the rows of a level are made, and the steps that are left to run then; None for objects that can be
    read only once.
    """
    mode = _read_mode(selection, objects)
    if mode == "odd":
        return None
    selection.objects_seen += len(objects)
    worth_compiling = selection.objects_seen > WORTH_COMPILING
    building = selection.row_buildings.get(mode)
    if building is None or (worth_compiling and not building.compiled):
        make = _compiled if worth_compiling else _simple
        building = selection.row_buildings[mode] = make(selection, mode, executor)
    return building


def _read_mode(selection: Selection, objects: list[Any]) -> ReadMode:
    modes, seen = set(), selection.read_modes
    for kind in set(map(type, objects)):
        if kind not in seen:
            seen[kind] = way_of(kind, selection.plain)
        modes.add(seen[kind])
    return one_way(modes)


def _simple(selection: Selection, mode: ReadMode, _executor: Any) -> RowBuilding:
    return RowBuilding(simple_builder(selection.all, mode), selection.steps, compiled=False)


def _compiled(selection: Selection, mode: ReadMode, executor: Any) -> RowBuilding:
    parts = {} if isinstance(mode, str) else dict(_parts(selection, mode, executor))
    steps = [step for step in selection.steps if step not in parts]
    return RowBuilding(compiled_builder(selection.all, mode, parts), steps, compiled=True)


def _parts(selection: Selection, row: Any, executor: Any) -> Iterator[tuple[Step, Part]]:
    """The fields that are objects inside the row, of which only plain fields are selected."""
    for step in selection.steps:
        declared, attribute = nullable(step.type), step.direct.attribute if step.direct is not None else None
        kind = decoded_in(row, attribute) if attribute is not None else None
        if kind is None or not isinstance(declared, GraphQLObjectType) or not is_of_kind(declared, (), {kind}):
            continue
        inner = step.selection(declared, executor)
        if not inner.steps:
            yield step, Part(kind, inner.all)


def empty_rows(selection: Selection, objects: list[Any]) -> list[dict[str, Any]]:
    """Rows with nothing filled in: for a level that is completed value by value."""
    keys = [step.key for step in selection.all]
    return [dict.fromkeys(keys) for _ in objects]


def way_of(kind: type, steps: list[Step]) -> ReadMode:
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
    names = [name for name in (step.attribute for step in steps) if name]
    return "attribute" if not names or reads_alike(kind, names) else "odd"


def one_way(ways: set[ReadMode]) -> ReadMode:
    """The way that all objects of a level are read; rows of several classes by attribute."""
    if len(ways) == 1:
        return next(iter(ways))
    return "odd" if ways & {"odd", "dict"} else "attribute"


def simple_builder(steps: list[Step], way: ReadMode) -> RowBuilder:
    """Slower for each object, nothing to compile: for few objects, and for documents that are seen once."""
    cells = [(step.key, *_cell(step, way)) for step in steps]

    def build(objects: list[Any]) -> list[dict[str, Any]]:
        return [
            {key: constant if get is None or check is None else check(get(o)) for key, get, check, constant in cells}
            for o in objects
        ]

    return build


def _cell(step: Step, way: ReadMode) -> tuple[Callable[[Any], Any] | None, Callable[[Any], Any] | None, Any]:
    if step.reading is None or step.reading is Reading.TYPENAME:
        return None, None, step.parent.name if step.reading else None
    return _getter(step, way), _checked(step.type), None


def _getter(step: Step, way: ReadMode) -> Callable[[Any], Any]:
    name, field = step.name, step.direct
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
        return leaf_check(inner, required)
    item_required, item_type = required_in(inner.of_type)
    item = leaf_check(item_type, item_required)

    def checked(value: Any) -> Any:
        if type(value) is list:
            return [item(x) for x in value]
        return None if value is None and not required else no()

    return checked
