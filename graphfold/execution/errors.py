"""The rules of null: where an error's null goes, what it stops, and which errors are told, in graphql-core's order."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from graphql import GraphQLError, GraphQLNonNull, located_error

from graphfold.execution.places import Order, Place

if TYPE_CHECKING:
    from graphfold.execution.drive import Drive

__all__ = ["Errors"]


class Found(NamedTuple):
    """An error, where it was raised and where its null ended, both in document order."""

    raised: Order
    nulled: Order
    error: GraphQLError


class Errors:
    """Collects the errors of one operation. `propagate` is False where error propagation is switched off."""

    def __init__(self, *, propagate: bool) -> None:
        self._propagate = propagate
        self._found: list[Found] = []
        self.data_is_null = False
        self.waiting: set[tuple[Place, Drive]] = set()
        """What runs below places that an error may null: it is stopped when they go."""

    def __bool__(self) -> bool:
        return bool(self._found)

    def fail(self, place: Place, i: int, error: Exception) -> None:
        """The value at this place is an error: null goes up to the first position that may be null."""
        located = located_error(error, place.step.nodes, place.path(i).as_list())
        raised = place.order(i)
        at, index = place, i
        while self._propagate and isinstance(at.type, GraphQLNonNull):
            up = at.up(index)
            if up is None:
                self.data_is_null = True
                self._found.append(Found(raised, (), located))
                self.stop_what_is_gone()
                return
            at, index = up
        at.null(index)
        nulled = at.order(index)
        self._found.append(Found(raised, nulled, located))
        if len(raised) > len(nulled):
            self.stop_what_is_gone()

    def stop_what_is_gone(self) -> None:
        """Cancel what still runs below a nulled position: nobody will see its outcome."""
        for place, drive in list(self.waiting):
            drive.drop(lambda i, place=place: self.data_is_null or place.gone(i))  # type: ignore[misc]

    def report(self) -> list[GraphQLError] | None:
        """In document order, without those from below a position that another error had nulled already."""
        if len(self._found) < 2:
            return [found.error for found in self._found] or None
        kept: list[GraphQLError] = []
        nulled: set[Order] = set()
        for found in sorted(self._found, key=lambda found: found.raised):
            if not any(found.raised[:length] in nulled for length in range(len(found.raised) + 1)):
                nulled.add(found.nulled)
                kept.append(found.error)
        return kept
