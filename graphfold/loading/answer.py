"""The answer for one key: a value, nothing, or an error. Errors are values here, so that none is lost or shared."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from graphfold.errors import GraphError
from graphfold.page import Page
from graphfold.rows.row import Row, to_graph_object

__all__ = ["MISSING", "Failed", "Stale", "in_graph"]


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()
"""The backend does not have this key."""


class Failed:
    """The key's error. `lasting` where it is the backend's answer about this key, to be remembered like any other."""

    __slots__ = ("error", "lasting")

    def __init__(self, error: Exception, *, lasting: bool = False) -> None:
        self.error, self.lasting = error, lasting

    def raised(self) -> Exception:
        """A copy for whoever raises it: one exception raised in two places would gather both tracebacks."""
        error = self.error
        again = type(error).__new__(type(error), *error.args)  # past its constructor, which may want anything
        again.args = error.args
        again.__dict__.update(error.__dict__)
        again.__cause__, again.__traceback__ = error.__cause__, error.__traceback__
        return again


class Stale:
    """A value that has ended and is told all the same: its age in seconds, why, and the error it stands in for."""

    __slots__ = ("age", "because", "error", "value")

    def __init__(self, value: Any, age: float, because: str, error: GraphError | None = None) -> None:
        self.value, self.age, self.because, self.error = value, age, because, error


def are_graph_objects(answers: Iterable[Any]) -> bool:
    """Is there nothing to do? Decoded rows mostly are graph objects already; their classes tell."""
    return all(getattr(kind, "is_graph_object_", False) for kind in set(map(type, answers)))


def in_graph(answer: Any, left_out: Callable[[type[Row[Any]]], frozenset[str]]) -> Any:
    """The answer as the graph sees it: rows, lists and pages of rows become graph objects."""
    if isinstance(answer, Page):
        items = answer.items[:] if are_graph_objects(answer.items) else to_graph_object(answer.items, left_out)
        return Page(items, answer.total, answer.cursors, answer.more)
    return to_graph_object(answer, left_out)
