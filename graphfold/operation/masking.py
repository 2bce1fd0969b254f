"""What the client may read of an error: ours are told, wrong queries are explained, the rest is mask_errors.

Whatever is not written for the client (an exception's text, a value that does not fit its type) goes to the log, with
the request id that the client is shown: that id is all that has to be exchanged to find it. A traceback is logged as
text, since some formatters of exceptions print local variables, too. Mask the errors of an answer last, after
everything that can add one.
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

__all__ = ["client_error", "log_covered_errors", "mask_errors"]

LONGEST = 1_000
"""Characters of a message that explains a wrong query."""

_log = structlog.get_logger("graphfold")


def mask_errors(errors: Iterable[GraphQLError], request_id: str, *, suggestions: bool = False) -> list[GraphQLError]:
    """The errors as the client sees them, after what it must not see has been logged."""
    errors = list(errors)
    _tell_operator(errors, request_id)
    return [client_error(error, request_id, suggestions=suggestions) for error in errors]


def client_error(error: GraphQLError, request_id: str, *, suggestions: bool = False) -> GraphQLError:
    """The error as the client sees it, with `code`, `retryable` and `requestId`; nothing original is left in it.

    Without `suggestions` no message tells a name of the schema that the client did not write.
    """
    known = _known(error)
    message = known.message if suggestions or known is _cause(error) else known.message.partition(" Did you mean ")[0]
    extensions = {**known.extensions, "requestId": request_id}
    return GraphQLError(message, error.nodes, error.source, error.positions, error.path, None, extensions=extensions)


def _known(error: GraphQLError) -> GraphError:
    """What it is in terms of our closed list, with the message for the client."""
    cause = _cause(error)
    if isinstance(cause, GraphError):
        return cause
    if error.path is None and (error.nodes or cause is error):
        return InvalidInput(_explained(error.message, cause))  # syntax, validation, variables
    if isinstance(cause, GraphQLError) and cause is not error and cause.nodes:
        return InvalidInput(
            _explained(cause.message, cause)
        )  # an argument that can be judged only once its variable is known
    return Internal("Internal error.")


def _explained(message: str, cause: BaseException) -> str:
    """graphql-core quotes what a scalar raised, which is for nobody, and repeats values however long they are."""
    if not isinstance(cause, GraphQLError):
        message = message.replace(f", but encountered error '{cause}'", "")
    return message if len(message) <= LONGEST else f"{message[:LONGEST]} ..."


def _cause(error: GraphQLError) -> BaseException:
    cause: BaseException = error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return cause


def _tell_operator(errors: Iterable[GraphQLError], request_id: str) -> None:
    """A line for each different thing that went wrong: `path` is the first of the `places` it left empty."""
    lines: dict[_Line, list[Any]] = {}
    for error in errors:
        if line := _line(error):
            lines.setdefault(line, []).append(error.path)
    for (level, event, *told), paths in lines.items():
        _log.log(level, event, request_id=request_id, path=paths[0], places=len(paths), **dict(told))


def log_covered_errors(covered: Iterable[tuple[str, GraphError]], request_id: str) -> None:
    """A line for each different error that no client sees, since a fallback or something stale was told instead."""
    lines = Counter((("answered_by", answered_by), *_told(error)) for answered_by, error in covered)
    for line, places in lines.items():
        _log.warning("error", request_id=request_id, places=places, **dict(line))


_Line: TypeAlias = tuple[Any, ...]
"""Level, event and the names and values that are told."""


def _line(error: GraphQLError) -> _Line | None:
    cause = _cause(error)
    if isinstance(cause, GraphError):
        return (logging.WARNING, "error", *_told(cause)) if cause.internal else None
    if isinstance(_known(error), Internal):
        return (logging.ERROR, "internal error", ("traceback", "".join(format_exception(cause))))
    return None


def _told(error: GraphError) -> _Line:
    where = (("backend", error.backend), ("operation", error.operation))
    return (("code", error.code), *where, ("internal", error.internal))
