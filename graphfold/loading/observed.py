"""Observe batches: each call of an adapter's function."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any, Literal, Protocol

from graphfold.observer import BatchEvent, Observers, current_batch, error_name, notify

__all__ = ["observed"]


class _Operation(Protocol):
    """What an event says of a backend operation."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> Literal["batch", "read", "write"]: ...
    @property
    def function(self) -> Callable[..., Awaitable[Any]]: ...


def observed(operation: _Operation, observers: Observers) -> Callable[..., Awaitable[Any]]:
    """Return the author's function of an operation with events around each call."""

    async def run(adapter: Any, *args: Any, **kwargs: Any) -> Any:
        keys = args[0] if operation.kind == "batch" else None
        event = BatchEvent(adapter.name, operation.name, operation.kind, keys)
        token = current_batch.set(event)
        notify(observers.batch_started, event)
        try:
            return await operation.function(adapter, *args, **kwargs)
        except BaseException as error:
            event.error = error_name(error)
            raise
        finally:
            current_batch.reset(token)
            event.ended = perf_counter()
            notify(observers.batch_ended, event)

    return run
