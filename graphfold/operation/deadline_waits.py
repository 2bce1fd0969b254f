"""The deadline where graphql-core runs an operation: whatever it waits for, it waits no longer than that."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Awaitable
from typing import Any, Generic, TypeVar, cast

from graphql import GraphQLObjectType, OperationType
from graphql.pyutils import Path

from graphfold.composition.fallbacks import FallbackAwaitable
from graphfold.deadline import Deadline, exceeded
from graphfold.execution.executor import BreadthFirst
from graphfold.loading.scope import Scope
from graphfold.operation.context import OperationContext

__all__ = ["DeadlineExecutor"]

T = TypeVar("T")


class DeadlineExecutor(BreadthFirst):
    """graphql-core awaits what resolvers give in two places, which it has for signals to abort."""

    _waits: Waits | None = None

    async def with_abort_signal(self, awaitable: Awaitable[T]) -> T:
        result = self._in_time().result
        if not isinstance(awaitable, FallbackAwaitable):
            return await result(awaitable)
        try:
            answer: Any = await result(awaitable.awaitable)
        except Exception as error:
            other = awaitable.fall_back(error)
            answer = await result(other) if self.is_awaitable(other) else other
        return cast("T", answer)

    def cancellable_iterable(self, iterable: AsyncIterable[T]) -> AsyncIterable[T]:
        in_operation = isinstance(self.context_value, OperationContext)  # events may come as long as somebody listens
        return _Items(self._in_time(), iterable) if in_operation else iterable

    def execute_field(
        self, parent_type: GraphQLObjectType, source: Any, field_details_list: Any, path: Path, position_context: Any
    ) -> Any:
        """A mutation that has not begun when the time is over never does."""
        if path.prev is None and self.operation.operation is OperationType.MUTATION and self._is_over():
            field = self.schema.get_field(parent_type, field_details_list[0].node.name.value)
            if field is not None:
                self.handle_field_error(exceeded(), field.type, field_details_list, path)
                return None
        return super().execute_field(parent_type, source, field_details_list, path, position_context)

    def _is_over(self) -> bool:
        deadline: Deadline = self.context_value.scope.deadline
        return deadline.left() <= 0

    def _in_time(self) -> Waits:
        if self._waits is None:
            self._waits = Waits(self.context_value.scope)
        return self._waits


class Waits:
    """What one operation waits for. Each is a task of its own: code that goes on when it is cancelled delays nobody."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._open: dict[asyncio.Future[None], asyncio.Future[Any]] = {}
        self._is_over = False
        if scope.deadline is not None:
            scope.deadline.on_end(self._expire)

    async def result(self, awaitable: Awaitable[T]) -> T:
        """What it comes to. Raises DEADLINE_EXCEEDED when the time is over."""
        loop = asyncio.get_running_loop()
        task, gate = asyncio.ensure_future(awaitable), loop.create_future()
        self._scope.own(task)
        self._open[gate] = task
        task.add_done_callback(lambda _: _open(gate))
        if self._is_over:
            loop.call_soon(self._expire)  # after its first step: it may need no more
        try:
            await gate
        finally:
            del self._open[gate]
            if not task.done():
                task.cancel()
        if not task.done():
            raise exceeded()
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
    """An async iterable of which no item is waited for too long."""

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
