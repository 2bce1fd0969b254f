"""Run a plan: all objects of a level together, their fields side by side.

Level (objects) -- row builder --> rows with the plain fields
|
+-- step --> keys of a link, one batch  or  a resolver call for each object
|
+--> values -- Completion --> put into the rows, or objects of the next Level
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from time import perf_counter
from typing import Any

from graphql import ExecutionResult, GraphQLError, GraphQLObjectType, OperationType
from graphql.execution import Executor

from graphfold.deadline import current_deadline, deadline_exceeded
from graphfold.execution.batch_waits import AllNulled, LevelLoads
from graphfold.execution.completion import Completion
from graphfold.execution.field_errors import FieldErrors
from graphfold.execution.links import Link
from graphfold.execution.operation_tasks import Branches, OperationTasks
from graphfold.execution.plan import Plan, Step, nullable
from graphfold.execution.resolver_calls import ResolverCalls
from graphfold.execution.response_positions import FieldPositions, Level, Positions, PositionSubset
from graphfold.execution.row_builders import choose_builder, empty_rows
from graphfold.execution.spare_task import StartedCoroutine
from graphfold.loading.level_loading import AdapterSource, LevelBatch
from graphfold.loading.load_result import MISSING, Failed, StaleValue
from graphfold.loading.stale_values import attach_path
from graphfold.observer import NO_OBSERVERS, Observers, StepEvent, notify

__all__ = ["start_run"]

_NO_PLAIN_VALUE = {Failed, StaleValue, type(MISSING)}


def start_run(
    plan: Plan, executor: Executor[Any], serially: bool | None = None
) -> ExecutionResult | Coroutine[Any, Any, ExecutionResult]:
    """Run a plan for an executor of graphql-core, with its values and variables.

    Return the result, or a coroutine of it if something has to be awaited: without any wait no event loop is needed.
    `serially` is whether root fields run one after another; by default those of mutations do.
    """
    run = PlanRunner(plan, executor).run(serially=serially)
    try:
        wait = run.send(None)  # runs to the end, or to the first wait
    except StopIteration as stop:
        result: ExecutionResult = stop.value
        return result
    return _go_on(run, wait)


async def _go_on(run: Coroutine[Any, Any, ExecutionResult], wait: Any) -> ExecutionResult:
    try:
        if wait is None:  # it waits for a loop only: there is one now, without a turn in between
            wait = run.send(None)
    except StopIteration as stop:
        result: ExecutionResult = stop.value
        return result
    awaited: ExecutionResult = await StartedCoroutine(run, wait)
    return awaited


class PlanRunner:
    """One run of a plan for one operation."""

    def __init__(self, plan: Plan, executor: Executor[Any]) -> None:
        scope = getattr(executor.context_value, "scope", None)
        self._plan, self._executor = plan, executor
        self._observers: Observers = getattr(scope, "observers", NO_OBSERVERS)
        self._errors = FieldErrors(propagate=executor.error_propagation)
        self._tasks = OperationTasks(self._errors, scope.stale_values if scope is not None else [], current_deadline())
        self._calls = ResolverCalls(plan, executor)
        self._completion = Completion(executor, self._tasks, self._calls, self._run_level)

    async def run(self, *, serially: bool | None = None) -> ExecutionResult:
        if serially is None:
            serially = self._plan.operation.operation is OperationType.MUTATION
        level = Level(self._plan.root, [self._executor.root_value], None)
        try:
            await self._run_level(level, serially=serially)
        except Exception as error:  # too deep for Python's stack; errors of resolvers are values here
            return ExecutionResult(None, [GraphQLError(str(error), self._plan.operation, original_error=error)])
        finally:
            await self._tasks.end()
            # Both refer back to their owner, graphql-core's helpers and this completion. Without these lines everything
            # that was loaded would stay in memory as a garbage cycle until a full collection.
            self._executor.async_helpers = None  # type: ignore[assignment]  # not used any more
            del self._completion
        data = None if self._errors.data_is_null else level.rows[0]
        return ExecutionResult(data, self._errors.report())

    async def _run_level(self, level: Level, *, serially: bool = False) -> None:
        """Fill the rows of a level: plain fields at once, the others each as a step of its own."""
        selection = level.selection
        chosen = choose_builder(selection, level.objects, self._executor)
        try:
            level.rows = chosen.build(level.objects) if chosen else []
        except Exception:  # an unusual value, not yet an error: completing value by value finds out
            chosen = None
        steps = chosen.steps if chosen else selection.all
        if not chosen:
            level.rows = empty_rows(selection, level.objects)
        if level.positions is not None:
            level.positions.put_all(level.rows)
        if serially:
            await self._run_serially(level, steps)
        elif len(steps) == 1:
            await self._run_step(level, steps[0])
        else:
            with Branches(self._tasks) as branches:
                for step in steps:
                    branches.start(self._run_step(level, step))
                await branches.join()

    async def _run_serially(self, level: Level, steps: list[Step]) -> None:
        for step in steps:
            if self._errors.data_is_null:
                return
            if self._tasks.is_over:  # a mutation that has not begun when the time is over never does
                await self._completion.take(FieldPositions(level, step), [Failed(deadline_exceeded())])
            else:
                await self._run_step(level, step)

    async def _run_step(self, level: Level, step: Step) -> None:
        """Resolve one field for all objects of a level, and complete its values."""
        started = perf_counter() if self._observers.step_ended else 0.0
        positions: Positions = FieldPositions(level, step)
        objects = level.objects
        if self._errors and (live := self._live_objects(level)) is not None:
            positions, objects = PositionSubset(positions, live), [objects[i] for i in live]
        values = None
        if step.link is not None:
            try:
                values = await self._load_level(positions, step.link, objects)
            except AllNulled:
                return
            except Exception as error:  # a defect of the engine: shown by the fields, not hidden by calling resolvers
                values = [Failed(error)] * len(objects)
        if values is None:
            values = self._calls.results(positions, step, objects)
        await self._completion.take(positions, values)
        if started:
            self._notify_step(positions, step, len(objects), started)

    def _notify_step(self, positions: Positions, step: Step, objects: int, started: float) -> None:
        keys = tuple(str(key) for key in positions.path(0).as_list() if isinstance(key, str))
        event = StepEvent(keys, step.parent.name, step.name, objects, started, perf_counter())
        notify(self._observers.step_ended, event)

    def _live_objects(self, level: Level) -> list[int] | None:
        """Return the indexes of the objects that no error has nulled; None for all of them."""
        # Errors below a nulled position are left out, but graphql-core still lists those of values that it had
        # completed before. A run without waits completes in the same order, and so calls the same resolvers.
        above = None if self._tasks.synchronous else level.positions
        live = [
            i
            for i in range(len(level.objects))
            if i not in level.nulled and not (above is not None and self._errors.is_nulled(above, i))
        ]
        return live if len(live) < len(level.objects) else None

    async def _load_level(self, positions: Positions, link: Link, objects: list[Any]) -> list[Any] | None:
        """Load the values of a link, all keys in one batch.

        Return None if the resolver must be called for each object: loads are not gathered by level, or keys are bad.
        """
        # An attribute may raise, `key=` may refuse a value, a key may be unhashable: one bad key must not fail the
        # whole level. The resolver does the same steps for each object, so only the object of the bad key fails.
        # A batch that raises is not caught here: its error is the result of each of its keys.
        try:
            batch = self._batch(link)
            keys = batch.canonical_keys(list(map(link.keys, objects)))
            if link.way == "ref" and batch.needs_only_key():
                return list(map(batch.of_key, keys))
            loader = batch.level_loader()
        except Exception:
            return None
        if loader is None:
            return None
        await self._tasks.need_loop()
        try:
            if link.way == "ref":
                self._load_ahead(positions.step, batch.key_attribute, keys)
            loads = LevelLoads(self._errors, positions, loader, keys)
        except Exception:
            return None
        answers = await loads
        to_value = batch.optional_value if link.way == "find" else batch.required_value
        return self._values(positions, answers, keys, to_value)

    def _load_ahead(self, step: Step, key_attribute: str | None, keys: list[Any]) -> None:
        """Start the loads below a `ref` that need nothing but its key: the objects are sure to exist."""
        declared = nullable(step.type)
        if key_attribute is None or not isinstance(declared, GraphQLObjectType):
            return
        for below in step.selection(declared, self._executor).loaded_by(key_attribute):
            assert below.link is not None
            batch = self._batch(below.link)
            loader = batch.level_loader()
            if loader is not None and (below.link.way != "ref" or not batch.needs_only_key()):
                loader.enqueue(batch.canonical_keys(keys))

    def _batch(self, link: Link) -> LevelBatch:
        adapters: AdapterSource = self._executor.context_value
        batch: LevelBatch = getattr(adapters.adapter(link.adapter), link.batch)
        return batch

    def _values(
        self, positions: Positions, answers: list[Any], keys: list[Any], to_value: Callable[[Any, Any], object]
    ) -> list[Any]:
        """Return the values of answers: None where a key may be missing, errors as `Failed`."""
        if _NO_PLAIN_VALUE.isdisjoint(map(type, answers)):
            return answers
        values: list[Any] = []
        for i, (answer, key) in enumerate(zip(answers, keys, strict=True)):
            try:
                values.append(to_value(answer, key) if type(answer) in _NO_PLAIN_VALUE else answer)
            except Exception as error:
                values.append(Failed(error))
            if type(answer) is StaleValue:
                attach_path(self._tasks.stale_values, None, partial(_path, positions, i))
        return values


def _path(positions: Positions, i: int) -> list[str | int]:
    return positions.path(i).as_list()
