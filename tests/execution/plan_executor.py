"""An executor for graphql-core that runs operations as plans, for schemas outside of a graph.

`graphql.execute(schema, document, executor_class=PlanExecutor)` also takes schemas that are not Strawberry's.
"""

from __future__ import annotations

from typing import Any

from graphql import ExecutionResult, FieldNode, GraphQLError, GraphQLField, GraphQLObjectType, GraphQLResolveInfo
from graphql.execution import Executor
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from graphfold.execution.planning import plan_of
from graphfold.execution.runner import start_run

__all__ = ["PlanExecutor"]


class PlanExecutor(StrawberryGraphQLCoreExecutionContext):
    """Answers as graphql-core would, which runs what no plan covers."""

    def execute_operation(self, serially: bool | None = None) -> Any:
        try:
            plan = plan_of(self)
        except GraphQLError as error:
            return ExecutionResult(None, [error])
        return super().execute_operation(serially) if isinstance(plan, str) else start_run(plan, self, serially)

    def build_resolve_info(
        self, field_def: GraphQLField, field_nodes: list[FieldNode], parent_type: GraphQLObjectType, path: Path
    ) -> GraphQLResolveInfo[Any]:
        # Resolvers of Strawberry read the variables as a plain dict, those of graphql-core do not.
        executor = _Strawberry if hasattr(self.schema, "_strawberry_schema") else Executor
        return executor.build_resolve_info(self, field_def, field_nodes, parent_type, path)


_Strawberry = StrawberryGraphQLCoreExecutionContext
