"""Execute one operation of the graph in a scope of its own, as a plan or with graphql-core."""

from __future__ import annotations

from collections.abc import Awaitable
from time import perf_counter
from typing import Any

from graphql import ExecutionResult, GraphQLError, OperationType

from graphfold.analysis.wanted_fields import WantedFields, wanted_fields
from graphfold.deadline import Deadline, current_deadline, set_current_deadline
from graphfold.errors import Internal
from graphfold.execution.plan import Plan
from graphfold.execution.planning import plan_of
from graphfold.execution.runner import start_run
from graphfold.extensions import add_extension, record_covered_error
from graphfold.loading.scope import OperationScope
from graphfold.loading.stale_values import ServedStaleValue, freshness_report
from graphfold.observer import OperationEvent, notify
from graphfold.operation.context import OperationContext, Request
from graphfold.operation.deadline_waits import DeadlineExecutor
from graphfold.operation.masking import public_error
from graphfold.operation.node_count import check_nodes
from graphfold.settings import Settings

__all__ = ["GraphExecutor"]

MOST_SIZES = 100
"""Combinations of page sizes for which a plan remembers that the node limit holds."""


class GraphExecutor(DeadlineExecutor):
    """Executor that returns errors and never raises: an escaped exception would reach the client unmasked."""

    def execute_operation(self, serially: bool | None = None) -> Any:
        request = self.context_value
        if not isinstance(request, Request):
            return _refused(Internal("Internal error.", internal="run operations with Graph.execute"))
        outer, deadline = current_deadline(), request.deadline()
        set_current_deadline(deadline)
        scope = request.scope(self._wants)
        self.context_value = OperationContext(request, scope)
        if self.operation.operation is not OperationType.QUERY:
            scope.dependencies.make_uncacheable()
        event = self._event(request)
        try:
            result = self._run(serially)
        except Exception as error:
            result = _refused(error)
        finally:
            set_current_deadline(outer)
        if self.is_awaitable(result):
            return _in_scope(result, scope, deadline, event)
        scope.end()
        if event is not None:
            _notify_ended(scope, event, result)
        return result

    def _event(self, request: Request) -> OperationEvent | None:
        """Announce an event of a subscription to the observers. The runner announces queries and mutations."""
        observers, operation = request.observers, self.operation
        if operation.operation is not OperationType.SUBSCRIPTION or not observers.observes_operations:
            return None
        text = operation.loc.source.body if operation.loc is not None else ""
        name = operation.name.value if operation.name is not None else None
        event = OperationEvent(request.request_id, text, "subscription", name)
        notify(observers.operation_started, event)
        return event

    def _run(self, serially: bool | None) -> Any:
        try:
            plan = self._plan()
        except GraphQLError as error:
            return ExecutionResult(None, [error])
        # Without a plan graphql-core runs the operation, through the methods of DeadlineExecutor.
        return super().execute_operation(serially) if isinstance(plan, str) else start_run(plan, self, serially)

    def _plan(self) -> Plan | str:
        """Return the plan, or why there is none, and check the number of objects. Loads of a plan gather by level."""
        operation: OperationContext = self.context_value
        settings = operation.runtime.settings
        plan = plan_of(self) if settings.execution == "breadth-first" else "switched-off"
        self._remarks = plan.remarks if isinstance(plan, Plan) else {}
        self._check_size(settings)
        operation.scope.level_by_level = isinstance(plan, Plan)
        return plan

    def _check_size(self, settings: Settings) -> None:
        """Raise `LimitExceeded` for too many objects. Success is kept by variables: page sizes may come from them."""
        values = self.variable_values.coerced
        sizes = ("nodes", *((name, value) for name, value in values.items() if type(value) is int))
        if sizes not in self._remarks:
            check_nodes(self.schema, self.operation, self.fragment_definitions, values, settings)
            if len(self._remarks) < MOST_SIZES:
                self._remarks[sizes] = True

    def _wants(self) -> WantedFields:
        """Return the fields that the operation selects of each type, computed once for each plan."""
        wanted: WantedFields | None = self._remarks.get("wants")
        if wanted is None:
            wanted = self._remarks["wants"] = wanted_fields(self)
        return wanted


async def _in_scope(
    result: Awaitable[Any], scope: OperationScope, deadline: Deadline, event: OperationEvent | None
) -> Any:
    outer = current_deadline()
    set_current_deadline(deadline)
    try:
        execution: ExecutionResult = await result
    except Exception as error:
        execution = _refused(error)
    finally:
        set_current_deadline(outer)
        deadline.cancel_alarm()
        await scope.close()
        if scope.stale_values:
            _report_stale_values(scope.stale_values)
            scope.stale_values.clear()  # they refer to response paths, which refer to the operation: a cycle
    if event is not None:
        _notify_ended(scope, event, execution)
    return execution


def _notify_ended(scope: OperationScope, event: OperationEvent, result: ExecutionResult) -> None:
    event.codes = [public_error(error).code for error in result.errors or ()]
    event.ended = perf_counter()
    notify(scope.observers.operation_ended, event)


def _refused(error: Exception) -> ExecutionResult:
    located = error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)
    return ExecutionResult(None, [located])


def _report_stale_values(stale_values: list[ServedStaleValue]) -> None:
    """Add the stale values of the answer to its extensions, and their errors to the log."""
    for entry in freshness_report(stale_values):
        add_extension("freshness", entry)
    for each in stale_values:
        if each.stale.error is not None:
            record_covered_error("stale", each.stale.error.at(each.backend, each.operation))
