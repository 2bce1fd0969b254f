"""Explain an operation without running it: its backend calls, and whether a plan or graphql-core would run it.

Nothing is called and no setting is needed. The operation is parsed, validated and compiled as if it were to run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from graphql import DocumentNode, GraphQLError
from graphql.execution.collect_fields import collect_fields
from strawberry.execution import optimized_is_awaitable
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from graphfold.credentials import ClientCredentials
from graphfold.errors import GraphError
from graphfold.execution.plan import Plan, Selection
from graphfold.execution.planning import UNPLANNED_REASONS, plan_of
from graphfold.explain.explainable import Explainable
from graphfold.explain.explanation import CallCount, ExplainedBackend, ExplainedStep, Explanation
from graphfold.explain.steps import StepBuilder
from graphfold.operation.node_count import PLAIN_LIST, check_nodes

__all__ = ["ExplainError", "explain"]

_KINDS = ("query", "mutation", "subscription")
_SWITCHED_OFF = "GRAPHFOLD_EXECUTION is graphql-core"
_is_awaitable: Any = optimized_is_awaitable  # Strawberry types it without the guard


class ExplainError(Exception):
    """The operation cannot run; `errors` say why."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__("\n".join(error.message for error in errors))
        self.errors = errors


def explain(
    graph: Explainable, query: str, variables: Mapping[str, Any] | None = None, operation_name: str | None = None
) -> Explanation:
    """Return what an operation would do. Raise `ExplainError` if it would be refused."""
    try:
        parsed = graph.documents.parse(query)
        graph.documents.admit(parsed, operation_name, _KINDS)
        if errors := graph.documents.validate(graph.schema._schema, parsed):
            raise ExplainError(errors)
        executor = _executor(graph, parsed.document, variables, operation_name)
        values = executor.variable_values.coerced
        check_nodes(executor.schema, executor.operation, executor.fragment_definitions, values, graph.settings)
        plan = plan_of(executor)
    except GraphQLError as error:
        raise ExplainError([error]) from None
    except GraphError as error:
        raise ExplainError([GraphQLError(error.message, original_error=error)]) from None
    builder = StepBuilder(graph, executor, plan.root if isinstance(plan, Plan) else _unplanned_selection(executor))
    operation = executor.operation
    return Explanation(
        kind=operation.operation.value,
        name=operation.name.value if operation.name else None,
        reason=_reason(graph, plan),
        steps=builder.steps,
        backends=_backends(graph, [step for top in builder.steps for step in top.walk()]),
        counted=builder.counted,
        per_list=PLAIN_LIST,
    )


def _executor(
    graph: Explainable, document: DocumentNode, variables: Mapping[str, Any] | None, operation_name: str | None
) -> StrawberryGraphQLCoreExecutionContext:
    executor: Any = StrawberryGraphQLCoreExecutionContext.build(
        graph.schema._schema,
        document,
        raw_variable_values=dict(variables) if variables else None,
        operation_name=operation_name,
        is_awaitable=_is_awaitable,
        hide_suggestions=not graph.documents.development,
    )
    if not isinstance(executor, StrawberryGraphQLCoreExecutionContext):
        raise ExplainError(executor)  # build() returns the errors in the variables instead
    return executor


def _reason(graph: Explainable, plan: Plan | str) -> str | None:
    """Return why graphql-core runs the operation; None if a plan does."""
    if graph.settings.execution != "breadth-first":
        return _SWITCHED_OFF
    # An extension is a class, an object or a function that makes one; `resolve` is its hook around every field.
    default = SchemaExtension.resolve
    if any(getattr(extension, "resolve", default) is not default for extension in graph.schema.extensions):
        return UNPLANNED_REASONS["field-hooks"]
    return UNPLANNED_REASONS.get(plan, plan) if isinstance(plan, str) else None


def _unplanned_selection(executor: StrawberryGraphQLCoreExecutionContext) -> Selection:
    """Return the fields of an operation without a plan in the shape of a plan."""
    schema, operation, variables = executor.schema, executor.operation, executor.variable_values
    root: Any = schema.get_root_type(operation.operation)
    plan = Plan(schema, operation, executor.fragments, executor.field_resolver)
    collected = collect_fields(schema, executor.fragments, variables, root, operation, executor.hide_suggestions)
    return Selection(plan, root, collected.grouped_field_set)


def _backends(graph: Explainable, steps: Iterable[ExplainedStep]) -> list[ExplainedBackend]:
    """Return the backends that are called, in the order of their first step."""
    counts: dict[str, CallCount] = {}
    for step in steps:
        if step.calls:
            counts[step.backend] = counts.get(step.backend, CallCount(0, 0)) + step.calls
    adapters = {adapter.name: adapter for adapter in graph.adapters}
    return [
        ExplainedBackend(
            name, adapters[name].protocol, count, token=isinstance(adapters[name].credential, ClientCredentials)
        )
        for name, count in counts.items()
    ]
