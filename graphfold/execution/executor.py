"""The executor that runs operations as plans. It takes graphql-core's place through Strawberry's seam."""

from __future__ import annotations

from typing import Any

from graphql import ExecutionResult, FieldNode, GraphQLError, GraphQLField, GraphQLObjectType, GraphQLResolveInfo
from graphql.execution import Executor
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from graphfold.execution.plan import Plan
from graphfold.execution.planning import plan_of
from graphfold.execution.runner import start_run

__all__ = ["PlanExecutor"]


class PlanExecutor(StrawberryGraphQLCoreExecutionContext):
    """`strawberry.Schema(execution_context_class=PlanExecutor)`: queries, mutations and every subscription event.

    Answers as graphql-core would; what no plan covers is run by graphql-core itself. It also runs schemas that are not
    Strawberry's: `graphql.execute(schema, document, executor_class=PlanExecutor)`.
    """

    def execute_operation(self, serially: bool | None = None) -> Any:
        try:
            plan = self.plan()
        except GraphQLError as error:
            return ExecutionResult(None, [error])
        if isinstance(plan, str):
            return super().execute_operation(serially)
        return start_run(plan, self, serially)

    def plan(self) -> Plan | str:
        """The operation's plan, or the reason why it has none."""
        return plan_of(self)

    def build_resolve_info(
        self, field_def: GraphQLField, field_nodes: list[FieldNode], parent_type: GraphQLObjectType, path: Path
    ) -> GraphQLResolveInfo[Any]:
        """What resolvers are told: Strawberry's read the variables as a plain dict, graphql-core's do not."""
        core = _Strawberry if hasattr(self.schema, "_strawberry_schema") else Executor
        return core.build_resolve_info(self, field_def, field_nodes, parent_type, path)


_Strawberry = StrawberryGraphQLCoreExecutionContext
