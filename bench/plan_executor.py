"""An executor for graphql-core that runs every operation as a plan."""

from __future__ import annotations

from typing import Any

from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from graphfold.execution.planning import plan_of
from graphfold.execution.runner import start_run

__all__ = ["PlanExecutor"]


class PlanExecutor(StrawberryGraphQLCoreExecutionContext):
    def execute_operation(self, serially: bool | None = None) -> Any:
        plan = plan_of(self)
        assert not isinstance(plan, str), plan
        return start_run(plan, self, serially)
