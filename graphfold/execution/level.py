"""The loads of a link: those of a whole level are one wait, which ends when nobody is left who wants them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from typing import Any

from graphfold.execution.errors import Errors
from graphfold.execution.places import Place

__all__ = ["Level", "Unwanted"]


class Unwanted(Exception):
    """Errors have nulled every position that waited."""


class Level:
    """Awaits the answers for the values of a place. Raises `Unwanted`."""

    def __init__(self, errors: Errors, place: Place, size: int, work: Coroutine[Any, Any, list[Any]]) -> None:
        self.place, self._errors, self._size, self._work = place, errors, size, work
        self._wait: asyncio.Future[Any] | None = None
        self._unwanted = False

    def __await__(self) -> Generator[Any, Any, list[Any]]:
        self._errors.watch(self)
        try:
            while not self._unwanted:
                self._wait = self._work.send(None)
                yield self._wait
            raise Unwanted
        except StopIteration as stop:
            answers: list[Any] = stop.value
            return answers
        except asyncio.CancelledError:
            if self._unwanted:
                raise Unwanted from None
            raise
        finally:
            self._errors.unwatch(self)
            self._work.close()

    def drop(self, gone: Callable[[int], bool]) -> None:
        if all(map(gone, range(self._size))):
            self._unwanted = True
            if self._wait is not None:
                self._wait.cancel()
