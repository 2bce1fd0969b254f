"""Map HTTP statuses and unreadable replies to typed errors, for backends whose protocol says nothing more specific."""

from __future__ import annotations

from graphfold.errors import (
    BackendBadReply,
    BackendBusy,
    BackendContract,
    BackendCredentials,
    BackendError,
    BackendRejected,
    BackendTimeout,
    BackendUnavailable,
    Forbidden,
    GraphError,
    NotFound,
    Unauthenticated,
)
from graphfold.rows.decoder import Malformed, Unreadable
from graphfold.transport.call import Reply
from graphfold.transport.headers import retry_after

__all__ = [
    "CALLER_CREDENTIAL_ERRORS",
    "error_for_status",
    "outage_error",
    "status_outranks_body",
    "unreadable_error",
    "wrong_address_error",
    "wrong_format_error",
]

_STATUS_ERRORS: dict[int, tuple[type[GraphError], str]] = {
    401: (BackendCredentials, "The backend refuses our credentials."),
    403: (BackendCredentials, "The backend refuses our credentials."),
    404: (NotFound, "There is no such thing at the backend."),
    405: (BackendContract, "The backend does not know this request."),
    408: (BackendTimeout, "The backend did not answer in time."),
    410: (NotFound, "There is no such thing at the backend any more."),
    413: (BackendContract, "The backend finds the request too large."),
    415: (BackendContract, "The backend does not know this request."),
    501: (BackendContract, "The backend does not know this request."),
    504: (BackendTimeout, "The backend did not answer in time."),
}

CALLER_CREDENTIAL_ERRORS: dict[int, tuple[type[GraphError], str]] = {
    401: (Unauthenticated, "The backend does not take the caller's credentials."),
    403: (Forbidden, "The caller may not see or do this at the backend."),
}
"""Errors that replace those above if the call had the caller's credentials."""


def error_for_status(reply: Reply, *, of_caller: bool = False) -> GraphError:
    """Return the typed error for a status that is not 2xx. `of_caller`: the call had the caller's credentials."""
    internal = f"status {reply.status}, {reply.media_type or 'no content type'}"
    if reply.status == 429:
        until = retry_after(reply.headers)
        return BackendBusy("The backend takes no more calls now.", retry_after=until, internal=internal)
    errors = _STATUS_ERRORS | CALLER_CREDENTIAL_ERRORS if of_caller else _STATUS_ERRORS
    if reply.status in errors:
        kind, text = errors[reply.status]
        return kind(text, internal=internal)
    if reply.status >= 500:  # a failure even with `Retry-After`, unlike 429
        return BackendUnavailable("The backend failed.", retry_after=retry_after(reply.headers), internal=internal)
    if reply.status >= 400:
        return BackendRejected("The backend refused the request.", internal=internal)
    return BackendBadReply("The backend answered something that cannot be used.", internal=internal)


def status_outranks_body(reply: Reply) -> bool:
    """Return whether the status says more than a SOAP fault or a GraphQL error in the body could."""
    return reply.status in (401, 403, 404, 408, 410, 429) or (reply.status == 503 and "retry-after" in reply.headers)


def outage_error(reply: Reply) -> GraphError | None:
    """Return the error of a status that means an outage (408, 429, 5xx but for 501); None for all others."""
    if reply.status < 400:
        return None
    error = error_for_status(reply)
    return error if error.is_outage else None


def wrong_address_error(reply: Reply) -> BackendContract | None:
    """Return the error of a 404 or 410 from a backend with a single address: that address is wrong."""
    if reply.status not in (404, 410):
        return None
    return BackendContract("The backend is not where it was agreed.", internal=f"status {reply.status}")


def wrong_format_error(reply: Reply, expected: str) -> BackendBadReply:
    """Return the error of a success in another format than `expected`: a maintenance page, for instance."""
    return BackendBadReply(
        "The backend answered something that cannot be used.",
        internal=f"{reply.media_type or 'no content type'} instead of {expected}",
    )


def unreadable_error(error: Unreadable) -> BackendError:
    """Return the error of a success that cannot be read.

    A malformed reply (no message of the protocol at all) may pass. A message of another form than agreed will not.
    """
    if isinstance(error, Malformed):
        return BackendBadReply("The backend answered something that cannot be used.", internal=str(error))
    return BackendContract("The backend's reply does not have the agreed form.", internal=str(error))
