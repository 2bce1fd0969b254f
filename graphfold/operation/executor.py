"""How an operation of the graph runs: with a scope of its own, as a plan or by graphql-core."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from graphql import ExecutionResult, GraphQLError, OperationType

from graphfold.analysis.wanted_fields import WantedFields, wanted_fields
from graphfold.deadline import Deadline, current, set_current
from graphfold.errors import Internal
from graphfold.execution.plan import Plan
from graphfold.extensions import cover, note
from graphfold.loading.scope import Scope
from graphfold.loading.staleness import Outdated, report
from graphfold.operation.context import OperationContext, Request
from graphfold.operation.deadline_waits import DeadlineExecutor
from graphfold.operation.node_count import check_nodes
from graphfold.settings import Settings

__all__ = ["GraphExecutor"]

MOST_REMARKS = 100
"""Kept with a plan: one for each combination of page sizes that clients send."""


class GraphExecutor(DeadlineExecutor):
    """Returns errors and never raises: what escaped from here would reach the client unmasked."""

    def execute_operation(self, serially: bool | None = None) -> Any:
        request = self.context_value
        if not isinstance(request, Request):
            return _refused(Internal("Internal error.", internal="run operations with Graph.execute"))
        around, deadline = current(), request.deadline()
        set_current(deadline)
        scope = request.scope(self._wants)
        self.context_value = OperationContext(request, scope)
        if self.operation.operation is not OperationType.QUERY:
            scope.parts.spoil()
        try:
            result = super().execute_operation(serially)
        except Exception as error:
            return _refused(error)
        finally:
            set_current(around)
        if self.is_awaitable(result):
            return _in_scope(result, scope, deadline)
        scope.end()
        return result

    def plan(self) -> Plan | str:
        """Its loads gather by level where a plan runs them, and one by one where graphql-core does."""
        operation: OperationContext = self.context_value
        settings = operation.runtime.settings
        plan = super().plan() if settings.execution == "breadth-first" else "switched-off"
        self._remarks = plan.remarks if isinstance(plan, Plan) else {}
        self._check_size(settings)
        operation.scope.level_by_level = isinstance(plan, Plan)
        return plan

    def _check_size(self, settings: Settings) -> None:
        """Page sizes may come from variables: what was counted is remembered for their values."""
        values = self.variable_values.coerced
        sizes = ("nodes", *((name, value) for name, value in values.items() if type(value) is int))
        if sizes not in self._remarks:
            check_nodes(self.schema, self.operation, self.fragment_definitions, values, settings)
            if len(self._remarks) < MOST_REMARKS:
                self._remarks[sizes] = True

    def _wants(self) -> WantedFields:
        """What the operation wants of each type, worked out once for each plan."""
        found: WantedFields | None = self._remarks.get("wants")
        if found is None:
            found = self._remarks["wants"] = wanted_fields(self)
        return found


async def _in_scope(result: Awaitable[Any], scope: Scope, deadline: Deadline) -> Any:
    around = current()
    set_current(deadline)
    try:
        return await result
    except Exception as error:
        return _refused(error)
    finally:
        set_current(around)
        deadline.close()
        await scope.close()
        if scope.outdated:
            _tell_freshness(scope.outdated)
            scope.outdated.clear()  # they know places, which know the operation


def _refused(error: Exception) -> ExecutionResult:
    located = error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)
    return ExecutionResult(None, [located])


def _tell_freshness(outdated: list[Outdated]) -> None:
    """Add what was stale to the running operation's answer."""
    for told in report(outdated):
        note("freshness", told)
    for each in outdated:
        if each.stale.error is not None:
            cover("stale", each.stale.error.at(each.backend, each.operation))
