"""What an HTTP status means for the caller, where the backend says nothing better."""

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

_KINDS: dict[int, tuple[type[GraphError], str]] = {
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
"""The same, where the credentials were the caller's."""


def error_for_status(reply: Reply, *, of_caller: bool = False) -> GraphError:
    """The typed error for a status that is not 2xx. `of_caller`: the credentials were not ours."""
    internal = f"status {reply.status}, {reply.media_type or 'no content type'}"
    if reply.status == 429:
        until = retry_after(reply.headers)
        return BackendBusy("The backend takes no more calls now.", retry_after=until, internal=internal)
    known = _KINDS | CALLER_CREDENTIAL_ERRORS if of_caller else _KINDS
    if reply.status in known:
        kind, text = known[reply.status]
        return kind(text, internal=internal)
    return _by_class(reply, internal)


def status_outranks_body(reply: Reply) -> bool:
    """Whether the status says more than an error beside it, in the protocol's own words, could say."""
    return reply.status in (401, 403, 404, 408, 410, 429) or (reply.status == 503 and "retry-after" in reply.headers)


def outage_error(reply: Reply) -> GraphError | None:
    """The error of a status that is no answer to anything; None where it is one."""
    if reply.status < 400:
        return None
    error = error_for_status(reply)
    return error if error.is_outage else None


def _by_class(reply: Reply, internal: str) -> BackendError:
    if reply.status >= 500:  # it has failed, also where it says until when
        return BackendUnavailable("The backend failed.", retry_after=retry_after(reply.headers), internal=internal)
    if reply.status >= 400:
        return BackendRejected("The backend refused the request.", internal=internal)
    return BackendBadReply("The backend answered something that cannot be used.", internal=internal)


def wrong_address_error(reply: Reply) -> BackendContract | None:
    """The error where a backend with one address for everything says that nothing is there: it speaks of itself."""
    if reply.status not in (404, 410):
        return None
    return BackendContract("The backend is not where it was agreed.", internal=f"status {reply.status}")


def wrong_format_error(reply: Reply, wanted: str) -> BackendBadReply:
    """A success, but not in the format that was agreed: a maintenance page, for instance."""
    return BackendBadReply(
        "The backend answered something that cannot be used.",
        internal=f"{reply.media_type or 'no content type'} instead of {wanted}",
    )


def unreadable_error(error: Unreadable) -> BackendError:
    """A success that cannot be read: what is no message may pass, one of another form will come again."""
    if isinstance(error, Malformed):
        return BackendBadReply("The backend answered something that cannot be used.", internal=str(error))
    return BackendContract("The backend answers in another form than was agreed.", internal=str(error))
