"""The loads of a link: those of a whole level are one wait, which ends when nobody is left who wants them, or when the
operation's time is over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from typing import Any

from graphfold.execution.bell import Bell
from graphfold.execution.errors import Errors
from graphfold.execution.places import Place
from graphfold.loading.load import Loader, Wave, landed

__all__ = ["Level", "Unwanted"]


class Unwanted(Exception):
    """Errors have nulled every position that waited."""


class Level:
    """Awaits the answers for the values of a place. Raises `Unwanted`."""

    def __init__(self, errors: Errors, place: Place, loader: Loader[Any], keys: list[Any]) -> None:
        self.place, self._errors, self._loader, self._keys = place, errors, loader, keys
        self._bell: Bell | None = None
        self._unwanted = self._late = False

    def __await__(self) -> Generator[Any, Any, list[Any]]:
        waves = self._loader.ask(self._keys)
        self._errors.watch(self)
        try:
            for wave in set(waves.values()):
                yield from self._landing(wave)
        finally:
            self._errors.unwatch(self)
        if self._unwanted:
            raise Unwanted
        return self._loader.arrived(self._keys) if self._late else landed(waves, self._keys)

    def _landing(self, wave: Wave) -> Generator[Any]:
        while wave.results is None and not (self._unwanted or self._late):
            assert wave.done is not None
            self._bell = Bell(asyncio.get_running_loop(), [wave.done])
            yield from self._bell.__await__()

    def drop(self, gone: Callable[[int], bool]) -> None:
        if all(map(gone, range(len(self._keys)))):
            self._unwanted = True
            self._ring()

    def expire(self) -> None:
        self._late = True
        self._ring()

    def _ring(self) -> None:
        if self._bell is not None:
            self._bell.ring()
