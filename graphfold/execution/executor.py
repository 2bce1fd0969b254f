"""The executor that runs operations as plans. It replaces graphql-core's own through Strawberry's public seam."""

from __future__ import annotations

from typing import Any

from graphql import ExecutionResult, GraphQLError
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from graphfold.execution.begin import begin
from graphfold.execution.compile import plan_of
from graphfold.execution.plan import Plan

__all__ = ["BreadthFirst"]


class BreadthFirst(StrawberryGraphQLCoreExecutionContext):
    """`strawberry.Schema(execution_context_class=BreadthFirst)`: queries, mutations and every subscription event.

    Answers as graphql-core would; what no plan covers is run by graphql-core itself.
    """

    def execute_operation(self, serially: bool | None = None) -> Any:
        try:
            plan = self.plan()
        except GraphQLError as error:
            return ExecutionResult(None, [error])
        if isinstance(plan, str):
            return super().execute_operation(serially)
        return begin(plan, self, serially)

    def plan(self) -> Plan | str:
        """The operation's plan, or the reason why it has none."""
        return plan_of(self)
