"""The short way through Strawberry: parse, validate, execute, for a schema that has no extensions but ours.

Strawberry's own way opens a stage for every hook that an extension might have. Where none has been added there is
nothing to open, and what is left is a look into the documents' cache and the executor.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

import strawberry
from graphql import DocumentNode, ExecutionResult
from strawberry.execution import optimized_is_awaitable

from graphfold.operation.context import Request
from graphfold.operation.documents import Documents
from graphfold.operation.executor import GraphExecutor

__all__ = ["FastPath"]

_is_awaitable: Any = optimized_is_awaitable  # Strawberry types it without the guard


class FastPath:
    """For one schema. `open` tells whether it may be used: not when somebody added an extension."""

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
        """The result as graphql-core gives it. Raises the `GraphQLError` of a document that cannot run."""
        documents = self._documents
        checked = documents.parse(query)
        documents.admit(checked, operation_name, allowed)
        errors = documents.validate(self._core, checked)
        if errors:
            return ExecutionResult(None, errors)
        executor = self._executor(checked.document, variables, request, operation_name)
        if isinstance(executor, list):
            return ExecutionResult(None, executor)
        result = executor.execute_operation()
        ready: ExecutionResult = result if isinstance(result, ExecutionResult) else await result
        return ready

    def _executor(
        self,
        document: DocumentNode,
        variables: Mapping[str, Any] | None,
        request: Request,
        operation_name: str | None,
    ) -> Any:
        return GraphExecutor.build(
            self._core,
            document,
            context_value=request,
            raw_variable_values=dict(variables) if variables else None,
            operation_name=operation_name,
            is_awaitable=_is_awaitable,
            hide_suggestions=not self._documents.development,
        )
