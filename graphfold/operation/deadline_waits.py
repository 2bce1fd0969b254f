"""Hold operations that graphql-core runs to their deadline.

graphql-core awaits the results of resolvers and the items of async iterables through two methods that it has for abort
signals (`with_abort_signal`, `cancellable_iterable`). `DeadlineExecutor` overrides them, so every wait ends when the
operation's time is over. Plans have their own way (`graphfold.execution`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Awaitable
from typing import Any, Generic, TypeVar, cast

from graphql import GraphQLObjectType, OperationType
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from graphfold.composition.fallbacks import FallbackAwaitable
from graphfold.deadline import Deadline, deadline_exceeded
from graphfold.loading.scope import OperationScope
from graphfold.operation.context import OperationContext

__all__ = ["DeadlineExecutor"]

T = TypeVar("T")


class DeadlineExecutor(StrawberryGraphQLCoreExecutionContext):
    """Executor whose waits in graphql-core end at the operation's deadline."""

    _waits: Waits | None = None

    async def with_abort_signal(self, awaitable: Awaitable[T]) -> T:
        result = self._deadline_waits().result
        if not isinstance(awaitable, FallbackAwaitable):
            return await result(awaitable)
        try:
            answer: Any = await result(awaitable.awaitable)
        except Exception as error:
            fallback = awaitable.fall_back(error)
            answer = await result(fallback) if self.is_awaitable(fallback) else fallback
        return cast("T", answer)

    def cancellable_iterable(self, iterable: AsyncIterable[T]) -> AsyncIterable[T]:
        # Outside an operation this is a subscription's source stream, which has no deadline.
        in_operation = isinstance(self.context_value, OperationContext)
        return _Items(self._deadline_waits(), iterable) if in_operation else iterable

    def execute_field(
        self, parent_type: GraphQLObjectType, source: Any, field_details_list: Any, path: Path, position_context: Any
    ) -> Any:
        """Fail a root field of a mutation that has not started when the time is over, instead of running it."""
        if path.prev is None and self.operation.operation is OperationType.MUTATION and self._is_over():
            field = self.schema.get_field(parent_type, field_details_list[0].node.name.value)
            if field is not None:
                self.handle_field_error(deadline_exceeded(), field.type, field_details_list, path)
                return None
        return super().execute_field(parent_type, source, field_details_list, path, position_context)

    def _is_over(self) -> bool:
        deadline: Deadline = self.context_value.scope.deadline
        return deadline.remaining() <= 0

    def _deadline_waits(self) -> Waits:
        if self._waits is None:
            self._waits = Waits(self.context_value.scope)
        return self._waits


class Waits:
    """The waits of one operation. Each awaitable runs in its own task, so code that ignores cancellation delays nobody.

    The waiter awaits a gate, a future that opens when the task ends or when the deadline passes.
    """

    def __init__(self, scope: OperationScope) -> None:
        self._scope = scope
        self._open: dict[asyncio.Future[None], asyncio.Future[Any]] = {}
        self._is_over = False
        if scope.deadline is not None:
            scope.deadline.on_expiry(self._expire)

    async def result(self, awaitable: Awaitable[T]) -> T:
        """Return the awaitable's result. Raise `DeadlineExceeded` when the operation's time is over."""
        loop = asyncio.get_running_loop()
        task, gate = asyncio.ensure_future(awaitable), loop.create_future()
        self._scope.cancel_at_end(task)
        self._open[gate] = task
        task.add_done_callback(lambda _: _open(gate))
        if self._is_over:
            loop.call_soon(self._expire)  # after the first step of the task, which may complete it
        try:
            await gate
        finally:
            del self._open[gate]
            if not task.done():
                task.cancel()
        if not task.done():
            raise deadline_exceeded()
        return task.result()

    def _expire(self) -> None:
        self._is_over = True
        for gate, task in list(self._open.items()):
            if not task.done():
                _open(gate)


def _open(gate: asyncio.Future[None]) -> None:
    if not gate.done():
        gate.set_result(None)


class _Items(Generic[T]):
    """Async iterator whose items are awaited no longer than the operation's deadline."""

    def __init__(self, waits: Waits, iterable: AsyncIterable[T]) -> None:
        self._waits = waits
        self._iterator: Any = aiter(iterable)

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        return await self._waits.result(self._item())

    async def aclose(self) -> None:
        if hasattr(self._iterator, "aclose"):
            await self._waits.result(self._iterator.aclose())

    async def _item(self) -> T:
        item: T = await anext(self._iterator)
        return item
