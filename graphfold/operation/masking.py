"""Mask errors: the client reads our own errors and explanations of wrong queries; everything else becomes INTERNAL.

Text that is not meant for the client (an exception's message, a value that does not fit its type) goes to the log with
the request id that the client is shown, so the id is enough to find it. Tracebacks are logged as text, because some
exception formatters print local variables. Errors are masked last, after everything that can add one.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable
from traceback import format_exception
from typing import Any, TypeAlias

import structlog
from graphql import GraphQLError

from graphfold.errors import GraphError, Internal, InvalidInput

__all__ = ["client_error", "log_covered_errors", "mask_errors", "public_error"]

LONGEST = 1_000
"""Characters of a message that explains a wrong query."""

_log = structlog.get_logger("graphfold")


def mask_errors(errors: Iterable[GraphQLError], request_id: str, *, suggestions: bool = False) -> list[GraphQLError]:
    """Return the errors as the client sees them, and log what it must not see."""
    errors = list(errors)
    _log_errors(errors, request_id)
    return [client_error(error, request_id, suggestions=suggestions) for error in errors]


def client_error(error: GraphQLError, request_id: str, *, suggestions: bool = False) -> GraphQLError:
    """Return the error as the client sees it, with `code`, `retryable` and `requestId` in its extensions.

    It keeps no reference to the original exception. Without `suggestions`, "Did you mean" is cut off, so no message
    reveals a name of the schema that the client did not write.
    """
    public = public_error(error)
    message = public.message
    if not suggestions and public is not _cause(error):
        message = message.partition(" Did you mean ")[0]
    extensions = {**public.extensions, "requestId": request_id}
    return GraphQLError(message, error.nodes, error.source, error.positions, error.path, None, extensions=extensions)


def public_error(error: GraphQLError) -> GraphError:
    """Return the error in terms of the closed list of codes, with the message for the client."""
    cause = _cause(error)
    if isinstance(cause, GraphError):
        return cause
    if error.path is None and (error.nodes or cause is error):
        return InvalidInput(_explanation(error.message, cause))  # syntax, validation, variables
    if isinstance(cause, GraphQLError) and cause is not error and cause.nodes:
        # An argument that could be checked only once its variable had a value.
        return InvalidInput(_explanation(cause.message, cause))
    return Internal("Internal error.")


def _explanation(message: str, cause: BaseException) -> str:
    """Return graphql-core's message without the quoted exception of a scalar, and cut to `LONGEST` characters."""
    if not isinstance(cause, GraphQLError):
        message = message.replace(f", but encountered error '{cause}'", "")
    return message if len(message) <= LONGEST else f"{message[:LONGEST]} ..."


def _cause(error: GraphQLError) -> BaseException:
    cause: BaseException = error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return cause


def _log_errors(errors: Iterable[GraphQLError], request_id: str) -> None:
    """Log one line for each different error. `path` is the first of the `places` where it occurred."""
    lines: dict[_Line, list[Any]] = {}
    for error in errors:
        if line := _line(error):
            lines.setdefault(line, []).append(error.path)
    for (level, event, *fields), paths in lines.items():
        _log.log(level, event, request_id=request_id, path=paths[0], places=len(paths), **dict(fields))


def log_covered_errors(covered: Iterable[tuple[str, GraphError]], request_id: str) -> None:
    """Log one line for each different error that the client does not see, because something stood in."""
    lines = Counter((("answered_by", answered_by), *_fields(error)) for answered_by, error in covered)
    for line, places in lines.items():
        _log.warning("error", request_id=request_id, places=places, **dict(line))


_Line: TypeAlias = tuple[Any, ...]
"""Log level, event, and (name, value) pairs."""


def _line(error: GraphQLError) -> _Line | None:
    cause = _cause(error)
    if isinstance(cause, GraphError):
        return (logging.WARNING, "error", *_fields(cause)) if cause.internal else None
    if isinstance(public_error(error), Internal):
        return (logging.ERROR, "internal error", ("traceback", "".join(format_exception(cause))))
    return None


def _fields(error: GraphError) -> _Line:
    where = (("backend", error.backend), ("operation", error.operation))
    return (("code", error.code), *where, ("internal", error.internal))
