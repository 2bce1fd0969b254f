"""Generate row builders: one comprehension for all objects of a level, the objects inside them included.

For `{ number total { amount } }` of decoded rows the code is

def build(objects):
return [{'number': (v0 if type(v0 := o.number) is str else odd0(v0)), 'total': None if (o1 := o.total) is None else
{'amount': convert2(o1.wire_0_)}} for o in objects]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphql import GraphQLList

from graphfold.execution.plan import Reading, ReadMode, RowBuilder, Step
from graphfold.execution.value_checks import leaf_check, raise_unusual, required_in
from graphfold.rows.structs import WireRead
from graphfold.rows.wire import Conversion

__all__ = ["Part", "generated_builder"]

_PASSES = {
    "String": "type({v}) is str",
    "ID": "type({v}) is str",
    "Boolean": "type({v}) is bool",
    "Int": "type({v}) is int and -2147483649 < {v} < 2147483648",
    "Float": "type({v}) is float and {v} - {v} == 0",
}
"""Tests for values that are already what the built-in scalar's coercion would make of them."""


@dataclass(frozen=True, slots=True)
class Part:
    """An object inside a decoded row: its class, and the plain fields that are selected of it."""

    kind: Any
    steps: list[Step]


def generated_builder(steps: list[Step], mode: ReadMode, parts: Mapping[Step, Part]) -> RowBuilder:
    """Return a builder that raises `UnusualValue`, or any other exception, at an unusual value."""
    writer = _Writer()
    source = f"def build(objects):\n return [{writer.row(steps, mode, 'o', parts)} for o in objects]"
    return _compiled(source, tuple(writer.scope.items()))


@lru_cache(2048)
def _compiled(source: str, scope: tuple[tuple[str, Any], ...]) -> RowBuilder:
    names = dict(scope)
    exec(source, names)
    build: RowBuilder = names["build"]
    return build


class _Writer:
    """Writes expressions; `scope` holds the objects that they name. `o` is the name of the object that is read.

    The code is made of names of the schema and of attributes, which are identifiers, and never of data.
    """

    def __init__(self) -> None:
        self.scope: dict[str, Any] = {"raise_unusual": raise_unusual}
        self._count = 0

    def row(self, steps: list[Step], mode: ReadMode, o: str, parts: Mapping[Step, Part]) -> str:
        return f"{{{', '.join(f'{step.key!r}: {self._value(step, mode, o, parts)}' for step in steps)}}}"

    def _value(self, step: Step, mode: ReadMode, o: str, parts: Mapping[Step, Part]) -> str:
        if step in parts:
            return self._part(step, parts[step], o)
        if step.reading is None:
            return "None"
        if step.reading is Reading.TYPENAME:
            return repr(step.parent.name)
        required, inner = required_in(step.type)
        if isinstance(inner, GraphQLList):
            return self._list(inner, required, self._source(step, mode, o))
        read = None if isinstance(mode, str) else mode.reads_.get(step.attribute)
        if read is None:
            return self._leaf(inner, required, self._source(step, mode, o))
        return self._wire_leaf(read, inner, required, o)

    def _part(self, step: Step, part: Part, o: str) -> str:
        assert step.direct is not None
        inner = self._new("o")
        row = self.row(part.steps, part.kind, inner, {})
        none = "raise_unusual()" if required_in(step.type)[0] else "None"
        return f"({none} if ({inner} := {o}.{step.direct.attribute}) is None else {row})"

    def _source(self, step: Step, mode: ReadMode, o: str) -> str:
        field = step.direct
        if step.reading is Reading.ATTRIBUTE and field is not None:
            return f"{o}.{field.attribute}"
        if step.reading is Reading.FUNCTION and field is not None:
            return f"{self._new('pure', field.pure)}({o})"
        return f"{o}.get({step.name!r})" if mode == "dict" else f"getattr({o}, {step.name!r}, None)"

    def _list(self, declared: GraphQLList[Any], required: bool, get: str) -> str:
        item_required, item_type = required_in(declared.of_type)
        item, value = self._leaf(item_type, item_required, "x", "x"), self._new("v")
        none = "raise_unusual()" if required else f"None if {value} is None else raise_unusual()"
        return f"([{item} for x in {value}] if type({value} := {get}) is list else {none})"

    def _wire_leaf(self, read: WireRead, kind: Any, required: bool, o: str) -> str:
        """Return a leaf of a decoded row, read from the backend's value and not through the row's property."""
        value, get = self._new("v"), f"{o}.{read.path[0]}"
        for step in read.path[1:]:
            get = f"(None if ({value} := {get}) is None else {value}.{step})"
        if read.convert is None:
            return self._leaf(kind, required, get)
        in_one_step = read.convert.serializers.get(kind.coerce_output_value) or _table_lookup(read.convert, kind)
        convert = self._new("convert", in_one_step or read.convert.convert)
        get = f"{convert}({get})" if required else f"(None if ({value} := {get}) is None else {convert}({value}))"
        return get if in_one_step else self._leaf(kind, required, get)

    def _leaf(self, kind: Any, required: bool, get: str, name: str | None = None) -> str:
        """Return a checked leaf. `name` is a variable that holds the value already."""
        odd, test = self._new("unusual", leaf_check(kind, required)), _PASSES.get(kind.name)
        if test is None:
            return f"{odd}({get})"
        value = name or self._new("v")
        first = get if name else f"({value} := {get})"
        test = test.replace("{v}", first, 1).replace("{v}", value)
        none = "" if required else f"None if {value} is None else "
        return f"({value} if {test} else {none}{odd}({value}))"

    def _new(self, stem: str, meaning: Any = None) -> str:
        name = f"{stem}{self._count}"
        self._count += 1
        if meaning is not None:
            self.scope[name] = meaning
        return name


@lru_cache(1024)
def _table_lookup(convert: Conversion[Any, Any], kind: Any) -> Callable[[Any], Any] | None:
    """Return a function from the backend's value to the response's; None if it cannot be a table of coerced values."""
    if convert.table is None:
        return None
    check = leaf_check(kind, required=True)
    try:
        return {theirs: check(ours) for theirs, ours in convert.table.items()}.__getitem__
    except Exception:
        return None
