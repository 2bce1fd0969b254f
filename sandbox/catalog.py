"""The catalog backend: a GraphQL server behind a bearer token."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from graphql import DocumentNode, ExecutionResult, GraphQLError, build_schema, execute_sync, parse, validate

from sandbox.authorization import bearer
from sandbox.backend import Backend
from sandbox.credentials import CATALOG_TOKEN
from sandbox.messages import BadRequest, Request, Response, json_object, json_response
from sandbox.products import Products

SCHEMA = build_schema(Path(__file__).with_name("catalog.graphql").read_text(encoding="utf-8"))


class Catalog(Backend):
    """Products and reviews under `/catalog/graphql`."""

    name = "catalog"

    def __init__(self, database: sqlite3.Connection) -> None:
        self._products = Products(database)

    async def answer(self, request: Request) -> Response:
        if bearer(request) != CATALOG_TOKEN:
            return _refused("UNAUTHENTICATED", "A bearer token is needed", 401, {"WWW-Authenticate": "Bearer"})
        if request.path != "/catalog/graphql" or request.method != "POST":
            return _refused("NOT_FOUND", "POST /catalog/graphql is all there is", 404)
        try:
            return self._execute(json_object(request))
        except BadRequest as error:
            return _refused("BAD_REQUEST", str(error), error.status)

    def broken(self, status: int) -> Response:
        """Return the reply of a failing catalog (or, with 400, a rejected request); its errors have no code."""
        return json_response({"errors": [{"message": "The service is not available"}]}, status)

    def _execute(self, body: Mapping[str, object]) -> Response:
        query, variables, name = body.get("query"), body.get("variables"), body.get("operationName")
        if not isinstance(query, str):
            raise BadRequest("query", "must be a text")
        if not isinstance(variables, dict | None) or not isinstance(name, str | None):
            raise BadRequest("variables", "must be an object, operationName a text")
        document = _document(query)
        if isinstance(document, ExecutionResult):
            return json_response(document.formatted)
        result = execute_sync(SCHEMA, document, self._products, variable_values=variables, operation_name=name)
        return json_response(result.formatted, _status(result))


@lru_cache(maxsize=256)
def _document(query: str) -> DocumentNode | ExecutionResult:
    """Return the parsed and validated document, or a result with its errors."""
    try:
        document = parse(query)
    except GraphQLError as error:
        return ExecutionResult(errors=[error])
    errors = validate(SCHEMA, document)
    return ExecutionResult(errors=errors) if errors else document


def _status(result: ExecutionResult) -> int:
    """Return 413 if the query requested too many keys, else 200: GraphQL servers report errors with status 200."""
    codes = [(error.extensions or {}).get("code") for error in result.errors or ()]
    return 413 if "TOO_MANY" in codes else 200


def _refused(code: str, message: str, status: int, headers: dict[str, str] | None = None) -> Response:
    return json_response({"errors": [{"message": message, "extensions": {"code": code}}]}, status, headers)
