"""The result of loading one key: a value, `MISSING`, `Failed` or `StaleValue`.

Errors are results here and are raised only where a resolver awaits its load, because one batch has many keys: the error
of one must not be lost among the others, nor be raised for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from graphfold.errors import GraphError
from graphfold.page import Page
from graphfold.rows.row import Row, to_graph_object

__all__ = ["MISSING", "Failed", "StaleValue", "are_graph_objects", "to_graph_value"]


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()
"""The backend does not have this key."""


class Failed:
    """The error of a key. A `lasting` one is the backend's final answer about this key, and is cached as such."""

    __slots__ = ("error", "lasting")

    def __init__(self, error: Exception, *, lasting: bool = False) -> None:
        self.error, self.lasting = error, lasting

    def error_copy(self) -> Exception:
        """Return a copy of the error to raise: one exception raised in two places would mix up their tracebacks."""
        error = self.error
        copy = type(error).__new__(type(error), *error.args)  # not by its constructor, whose parameters are unknown
        copy.args = error.args
        copy.__dict__.update(error.__dict__)
        copy.__cause__, copy.__traceback__ = error.__cause__, error.__traceback__
        return copy


class StaleValue:
    """A value past its time to live, with its age in seconds, the reason for serving it, and the error it replaces."""

    __slots__ = ("age", "because", "error", "value")

    def __init__(self, value: Any, age: float, because: str, error: GraphError | None = None) -> None:
        self.value, self.age, self.because, self.error = value, age, because, error


def are_graph_objects(values: Iterable[Any]) -> bool:
    """Return whether all values are graph objects already, as most decoded rows are.

    The set of classes is tested instead of the values: hundreds of keys mostly have one class.
    """
    return all(getattr(kind, "is_graph_object_", False) for kind in set(map(type, values)))


def to_graph_value(value: Any, unrequested: Callable[[type[Row[Any]]], frozenset[str]]) -> Any:
    """Return a value with its rows, also those in lists and pages, as graph objects.

    `unrequested` returns the OnDemand fields of a row class that were not loaded and must not be read.
    """
    if isinstance(value, Page):
        items = value.items[:] if are_graph_objects(value.items) else to_graph_object(value.items, unrequested)
        return Page(items, value.total, value.cursors, value.more)
    return to_graph_object(value, unrequested)
