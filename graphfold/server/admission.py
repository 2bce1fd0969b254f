"""How many operations run at once: the excess hears at once that it has to come back."""

from __future__ import annotations

from graphfold.server.requests import Refused

__all__ = ["Admission"]


class Admission:
    """`most` operations at once, each inside `with`; one more is refused before it runs, by POST before it is parsed.

    In a queue it would keep its memory, and be answered when its client has left. Who waits for an equal question of
    somebody else, or is told a kept answer, is not counted: that is nearly free.
    """

    __slots__ = ("_most", "_running")

    def __init__(self, most: int) -> None:
        self._most, self._running = most, 0

    def __enter__(self) -> None:
        if self._running >= self._most:
            told = f"The gateway has {self._most:,} operations to answer and takes no more (GRAPHFOLD_MAX_OPERATIONS)."
            raise Refused(503, told, code="OVERLOADED", retry_after=1)
        self._running += 1

    def __exit__(self, *_: object) -> None:
        self._running -= 1
