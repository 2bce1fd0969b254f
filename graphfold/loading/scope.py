"""One GraphQL operation, as loading sees it: who asks, what is asked for, and the loads under way.

A scope lives for one query, one mutation or one event of a subscription, never longer: a WebSocket connection keeps
one context for all its operations, and loaders kept on that would go stale.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from typing import Any, Protocol, TypeVar

from graphfold.cache.parts import Parts
from graphfold.cache.store import Store
from graphfold.cache.terms import Terms
from graphfold.deadline import current_deadline, deadline_exceeded, wait_for_cancelled
from graphfold.errors import BackendUnavailable, GraphError
from graphfold.loading.observed import observed
from graphfold.loading.staleness import Outdated
from graphfold.observer import NO_OBSERVERS, Observers
from graphfold.rows.row import Row
from graphfold.viewer import Viewer

__all__ = ["Home", "Scope"]

T = TypeVar("T")


class Home(Protocol):
    """What outlives a scope: caches, calls shared between operations, and each adapter's connection."""

    def store(self, operation: str, terms: Terms) -> Store: ...
    def spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]: ...
    def backend(self, adapter: type) -> Any: ...


class Scope:
    """The loaders and tasks of one operation. `close` ends what is still under way.

    `level_by_level` says who runs the resolvers: the plan, which knows a `Load`, or graphql-core with a task for each.
    `parts` gather what goes into the answer, `outdated` what in it was stale.
    """

    def __init__(
        self,
        home: Home,
        viewer: Viewer,
        wants: Callable[[], dict[type, frozenset[str] | None]],
        parts: Parts | None = None,
        observers: Observers = NO_OBSERVERS,
    ) -> None:
        self.home, self.viewer, self.parts = home, viewer, parts or Parts()
        self.observers = observers
        self.loaders: dict[Hashable, Any] = {}
        self.adapters: dict[type, Any] = {}
        self.outdated: list[Outdated] = []
        self._wants = wants
        self._wanted: dict[type, frozenset[str] | None] | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self.deadline = current_deadline()
        self.level_by_level = False
        self.ended = False

    def asked(self, row: type[Row[Any]]) -> frozenset[str]:
        """The OnDemand fields of `row` that this operation wants, wherever in the query its graph type stands."""
        on_demand = row.shape.on_demand
        if not on_demand or row.shape.feeds is None:
            return on_demand
        if self._wanted is None:
            self._wanted = self._wants()
        wanted = self._wanted.get(row.shape.feeds)
        return on_demand if wanted is None else on_demand & wanted

    def function(self, operation: Any) -> Callable[..., Awaitable[Any]]:
        """Return the author's function of a backend operation, with events around each call if they are observed."""
        if self.observers.observes_calls:
            return observed(operation, self.observers)
        function: Callable[..., Awaitable[Any]] = operation.function
        return function

    def over(self) -> GraphError | None:
        """Why no call is made for it any more."""
        if self.ended:
            return BackendUnavailable("The operation has ended.")
        return deadline_exceeded() if self.deadline is not None and self.deadline.remaining() <= 0 else None

    def renew(self) -> None:
        """Another event of a subscription: nothing of what was loaded for the one before is kept or used again."""
        self.loaders.clear()
        self.outdated.clear()
        self.parts = Parts()

    def own(self, task: asyncio.Task[Any]) -> None:
        """This task ends with the operation, at once where that has ended already."""
        if self.ended:
            task.cancel()
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def end(self) -> None:
        """The operation has ended: from now on no call is made for it."""
        self._let_go()
        for task in self._tasks:
            task.cancel()

    async def close(self) -> None:
        """The operation has ended: cancel what nobody waits for any more, and wait until it has stopped."""
        self._let_go()
        left = [task for task in self._tasks if not task.done() and task is not asyncio.current_task()]
        for task in left:
            task.cancel()
        if left:
            await wait_for_cancelled(left, self.deadline)

    def _let_go(self) -> None:
        """All of these know the scope: what it loaded is given back at once, without the garbage collector's help."""
        self.ended = True
        self.loaders, self.adapters, self._wants = {}, {}, dict
