"""Declare where a field is in a backend's reply, and how its value is converted: as data, so that docs can print it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from graphfold.mistakes import Mistake, author_location

__all__ = ["Conversion", "OnDemand", "Wire"]

W = TypeVar("W")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Conversion(Generic[W, T]):
    """How a value on the wire becomes a value of the graph.

    `name` is for the docs, `wire` is the type on the wire. `convert` may raise ValueError, KeyError, TypeError or
    ArithmeticError, which becomes a BACKEND_CONTRACT that names the conversion. `table` holds all values it takes,
    where they are few. `serializers` maps a scalar's serializer to a function that gives the serialized text straight
    from the wire, without the converted value in between; where that raises, value and text are made in two steps.
    """

    name: str
    wire: Any
    convert: Callable[[W], T]
    table: Mapping[W, T] | None = field(default=None, compare=False, repr=False)
    serializers: Mapping[Callable[[Any], str], Callable[[W], str]] = field(
        default_factory=dict, compare=False, repr=False
    )

    @classmethod
    def of_table(cls, name: str, wire: Any, table: Mapping[W, T]) -> Conversion[W, T]:
        return cls(name, wire, table.__getitem__, table)


class Wire:
    """Annotation of a row field: `name: Annotated[str, Wire("profile.displayName")]`.

    `path` leads into objects with dots; `convert` converts the value. With `null="default"` a null is replaced by the
    field's default, as if it were absent; otherwise a null is an error unless the type allows None.
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
                author_location(),
                f"{type(self).__name__}({path!r}) is not a path",
                why="a path is the backend's field names joined with dots.",
                fix='write it as the backend does, e.g. Wire("contact.mail").',
            )
        self.path, self.convert, self.null = path, convert, null


class OnDemand(Wire):
    """A field that is requested only when the query selects the graph field of the same name.

    When it is requested, the backend must send it (null is fine where the type allows it) unless `may_be_absent`.
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
