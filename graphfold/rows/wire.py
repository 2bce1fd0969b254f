"""Where a field sits in a backend's reply, and how its value is converted: data, so that docs can print it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from graphfold.mistakes import Mistake, here

__all__ = ["Conversion", "OnDemand", "Wire"]

W = TypeVar("W")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Conversion(Generic[W, T]):
    """How a value on the wire becomes ours: `name` for the docs, `wire` its type there, `convert` the step.

    `convert` may raise ValueError, KeyError or ArithmeticError: the reply is then a BACKEND_CONTRACT that names it.
    `table`: all values it takes, where they are few and known. `told`: what a scalar's serialiser would make of the
    converted value, in one step, by serialiser; it may raise for values that it leaves to the two steps.
    """

    name: str
    wire: Any
    convert: Callable[[W], T]
    table: Mapping[W, T] | None = field(default=None, compare=False, repr=False)
    told: Mapping[Callable[[Any], str], Callable[[W], str]] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of_table(cls, name: str, wire: Any, table: Mapping[W, T]) -> Conversion[W, T]:
        return cls(name, wire, table.__getitem__, table)


class Wire:
    """Annotated marker: `name: Annotated[str, Wire("profile.displayName")]`.

    `path` steps into objects with dots. `convert` changes the value's form. `null="default"` reads a null as if the
    field were absent, so that the field's default is taken; otherwise a null is an error unless the type allows None.
    """

    on_demand = False

    def __init__(
        self,
        path: str,
        convert: Conversion[Any, Any] | None = None,
        *,
        null: Literal["error", "default"] = "error",
    ) -> None:
        if not path or not all(path.split(".")):
            raise Mistake(
                here(),
                f"{type(self).__name__}({path!r}) is not a path",
                why="a path is the backend's field names joined with dots.",
                fix='write it as the backend does, e.g. Wire("contact.mail").',
            )
        self.path, self.convert, self.null = path, convert, null


class OnDemand(Wire):
    """A field that is asked for only when the query needs the graph field of the same name.

    When asked for, the backend must send it (null is fine where the type allows it) unless `may_be_absent`.
    """

    on_demand = True

    def __init__(
        self,
        path: str,
        convert: Conversion[Any, Any] | None = None,
        *,
        null: Literal["error", "default"] = "error",
        may_be_absent: bool = False,
    ) -> None:
        super().__init__(path, convert, null=null)
        self.may_be_absent = may_be_absent
