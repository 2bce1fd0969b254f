"""The state of one running GraphQL operation that its loads share: viewer, loaders, tasks and deadline.

A scope lives for one query, one mutation or one event of a subscription, never longer: a WebSocket connection has one
context for all its operations, and loaders kept on that would go stale.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from time import perf_counter
from typing import Any, Protocol, TypeVar

from graphfold.cache.dependencies import AnswerDependencies
from graphfold.cache.operation_cache import OperationCache
from graphfold.cache.policy import CachePolicy
from graphfold.deadline import current_deadline, deadline_exceeded, wait_for_cancelled
from graphfold.errors import BackendUnavailable, GraphError
from graphfold.loading.backend_operation import BackendOperation
from graphfold.loading.stale_values import ServedStaleValue
from graphfold.observer import NO_OBSERVERS, BatchEvent, Observers, current_batch, error_name, notify
from graphfold.rows.row import Row
from graphfold.viewer import Viewer

__all__ = ["OperationScope", "SharedResources"]

T = TypeVar("T")


class SharedResources(Protocol):
    """What outlives a scope: the caches, the tasks of calls that operations share, and the backends."""

    def store(self, operation: str, policy: CachePolicy) -> OperationCache: ...
    def spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]: ...
    def backend(self, adapter: type) -> Any: ...


class OperationScope:
    """The loaders, adapters and tasks of one operation. `close` cancels what is still running.

    `requested` returns the OnDemand fields that the operation selects, by graph type; it is called at most once.
    `level_by_level`: the plan runs the resolvers and knows a `Load` by its type. Otherwise graphql-core runs each
    resolver in a task. `dependencies` collects what the answer is made of, `stale_values` what in it was stale.
    """

    def __init__(
        self,
        resources: SharedResources,
        viewer: Viewer,
        requested: Callable[[], dict[type, frozenset[str] | None]],
        dependencies: AnswerDependencies | None = None,
        observers: Observers = NO_OBSERVERS,
    ) -> None:
        self.resources, self.viewer = resources, viewer
        self.dependencies = dependencies or AnswerDependencies()
        self.observers = observers
        self.loaders: dict[Hashable, Any] = {}
        self.adapters: dict[type, Any] = {}
        self.stale_values: list[ServedStaleValue] = []
        self._find_requested = requested
        self._requested: dict[type, frozenset[str] | None] | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self.deadline = current_deadline()
        self.level_by_level = False
        self.ended = False

    def requested_fields(self, row: type[Row[Any]]) -> frozenset[str]:
        """Return the OnDemand fields of a row class that the operation selects anywhere on the row's graph type."""
        on_demand = row.shape.on_demand
        if not on_demand or row.shape.feeds is None:
            return on_demand
        if self._requested is None:
            self._requested = self._find_requested()
        requested = self._requested.get(row.shape.feeds)
        return on_demand if requested is None else on_demand & requested

    def function(self, operation: BackendOperation) -> Callable[..., Awaitable[Any]]:
        """Return the author's function of a backend operation, with events around each call if they are observed."""
        if self.observers.observes_calls:
            return _with_events(operation, self.observers)
        return operation.function

    def stop_error(self) -> GraphError | None:
        """Return why no call may be made for this operation any more; None if calls are allowed."""
        if self.ended:
            return BackendUnavailable("The operation has ended.")
        return deadline_exceeded() if self.deadline is not None and self.deadline.remaining() <= 0 else None

    def reset(self) -> None:
        """Drop what was loaded, before the next event of a subscription."""
        self.loaders.clear()
        self.stale_values.clear()
        self.dependencies = AnswerDependencies()

    def cancel_at_end(self, task: asyncio.Task[Any]) -> None:
        """Cancel a task when the operation ends; at once if it has ended."""
        if self.ended:
            task.cancel()
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def end(self) -> None:
        """End the operation: cancel its tasks without waiting for them, and refuse further calls."""
        self._release()
        for task in self._tasks:
            task.cancel()

    async def close(self) -> None:
        """End the operation: cancel its tasks and wait until they have stopped."""
        self._release()
        running = [task for task in self._tasks if not task.done() and task is not asyncio.current_task()]
        for task in running:
            task.cancel()
        if running:
            await wait_for_cancelled(running, self.deadline)

    def _release(self) -> None:
        # Loaders, adapters and the callable refer back to the scope. Without these cycles everything that was loaded
        # is freed at once, by reference counting, instead of by a later run of the garbage collector.
        self.ended = True
        self.loaders, self.adapters, self._find_requested = {}, {}, dict


def _with_events(operation: BackendOperation, observers: Observers) -> Callable[..., Awaitable[Any]]:
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
