"""A fake backend and loader, for tests of code that awaits loads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

from graphfold.loading.load import Load, Loader
from graphfold.loading.load_result import MISSING, Failed
from graphfold.loading.scope import OperationScope, SharedResources
from graphfold.loading.source import Source
from graphfold.viewer import Viewer

__all__ = ["Backend", "backend"]


class Backend:
    """`calls` holds the keys of each call. A call takes two turns of the loop, and milliseconds if `takes` says so.

    The value of a key is ten times the key, or its length; the key "bad" fails, "missing" is not there.
    """

    def __init__(self, scope: OperationScope, answer: Callable[[list[Any]], Awaitable[None]]) -> None:
        self.calls: list[list[Any]] = []
        self.answer = answer
        nothing = frozenset[str]()
        source: Source[Any] = Source(scope, self._fetch, view=None, requested_fields=lambda _: nothing, fields=nothing)
        self.loader: Loader[Any] = Loader(source)

    def load(self, key: Any) -> Load[Any]:
        return self.loader.load(key, settle)

    async def _fetch(self, keys: list[Any]) -> dict[Any, Any]:
        self.calls.append(list(keys))
        await self.answer(keys)
        return {key: _value(key) for key in keys}


@asynccontextmanager
async def backend(answer: Callable[[list[Any]], Awaitable[None]] | None = None) -> AsyncIterator[Backend]:
    """Open a fake backend. `answer` is awaited before each call returns."""
    scope = OperationScope(cast("SharedResources", None), Viewer(), dict)
    try:
        yield Backend(scope, answer or _at_once)
    finally:
        await scope.close()


def settle(answer: Any, key: Any) -> Any:
    if isinstance(answer, Failed):
        raise answer.error_copy()
    return None if answer is MISSING else answer


async def _at_once(_keys: list[Any]) -> None:
    await asyncio.sleep(0)


def _value(key: Any) -> Any:
    if key == "bad":
        return Failed(ValueError("the backend refuses"))
    return MISSING if key == "missing" else 10 * (len(key) if isinstance(key, str) else key)
