"""Run operations without Strawberry's extension stages, for schemas whose only extension is ours.

Strawberry enters a context manager for each hook that an extension might have: operation, parse, validate, execute.
Without other extensions these do nothing, and a lookup in the document cache and the executor remain.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

import strawberry
from graphql import ExecutionResult
from strawberry.execution import optimized_is_awaitable

from graphfold.operation.context import Request
from graphfold.operation.documents import Documents
from graphfold.operation.executor import GraphExecutor

__all__ = ["FastPath"]

_is_awaitable: Any = optimized_is_awaitable  # Strawberry types it without the guard


class FastPath:
    """The fast path of one schema. Use it only while `open`: an added extension has to see every operation."""

    def __init__(self, schema: strawberry.Schema, documents: Documents) -> None:
        self._schema, self._core, self._documents = schema, schema._schema, documents

    @property
    def open(self) -> bool:
        extensions: list[Any] = list(self._schema.extensions)
        return extensions == [self._documents.extension]

    async def execute(
        self,
        query: str,
        variables: Mapping[str, Any] | None,
        request: Request,
        operation_name: str | None,
        allowed: Container[str],
    ) -> ExecutionResult:
        """Return graphql-core's result. Raise `GraphQLError` if the document cannot run."""
        documents = self._documents
        parsed = documents.parse(query)
        documents.admit(parsed, operation_name, allowed)
        errors = documents.validate(self._core, parsed)
        if errors:
            return ExecutionResult(None, errors)
        executor: Any = GraphExecutor.build(
            self._core,
            parsed.document,
            context_value=request,
            raw_variable_values=dict(variables) if variables else None,
            operation_name=operation_name,
            is_awaitable=_is_awaitable,
            hide_suggestions=not documents.development,
        )
        if isinstance(executor, list):
            return ExecutionResult(None, executor)
        result = executor.execute_operation()
        execution: ExecutionResult = result if isinstance(result, ExecutionResult) else await result
        return execution
