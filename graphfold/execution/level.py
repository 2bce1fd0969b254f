"""The loads of a link: those of a whole level are one wait, which ends when nobody is left who wants them, or when the
operation's time is over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from typing import Any

from graphfold.execution.errors import Errors
from graphfold.execution.places import Place
from graphfold.loading.load import Loader

__all__ = ["Level", "Unwanted"]


class Unwanted(Exception):
    """Errors have nulled every position that waited."""


class Level:
    """Awaits the answers for the values of a place. Raises `Unwanted`."""

    def __init__(self, errors: Errors, place: Place, loader: Loader[Any], keys: list[Any]) -> None:
        self.place, self._errors, self._loader, self._keys = place, errors, loader, keys
        self._work: Coroutine[Any, Any, list[Any]] = loader.level(keys)
        self._wait: asyncio.Future[Any] | None = None
        self._unwanted = self._late = False

    def __await__(self) -> Generator[Any, Any, list[Any]]:
        self._errors.watch(self)
        try:
            while not self._unwanted:
                self._wait = self._work.send(None)
                if self._late:
                    return self._loader.arrived(self._keys)
                yield self._wait
            raise Unwanted
        except StopIteration as stop:
            answers: list[Any] = stop.value
            return answers
        except asyncio.CancelledError:
            if self._unwanted:
                raise Unwanted from None
            if self._late:
                return self._loader.arrived(self._keys)
            raise
        finally:
            self._errors.unwatch(self)
            self._work.close()

    def drop(self, gone: Callable[[int], bool]) -> None:
        if all(map(gone, range(len(self._keys)))):
            self._unwanted = True
            self._wake()

    def expire(self) -> None:
        self._late = True
        self._wake()

    def _wake(self) -> None:
        if self._wait is not None:
            self._wait.cancel()
