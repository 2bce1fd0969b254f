"""What an error says: whether its backend is ill, and whether asking again may help."""

from __future__ import annotations

from graphfold.errors import (
    CODES,
    BackendBadReply,
    BackendCredentials,
    BackendError,
    BackendRejected,
    BackendTimeout,
    BackendUnavailable,
    GraphError,
    NotFound,
)
from graphfold.resilience.circuit import Outcome
from graphfold.resilience.refusals import Refusal
from graphfold.transport.failures import Garbled

__all__ = ["may_pass", "outcome_of"]

_ILL = (BackendUnavailable, BackendTimeout, BackendBadReply)
_WELL = (BackendRejected, BackendCredentials, NotFound)


def outcome_of(error: GraphError) -> Outcome:
    """5xx, timeouts, broken connections, bad replies and SOAP server faults are illness; a refusal is an answer.

    The rest says nothing: BACKEND_BUSY comes with a time for which the backend is left alone, others were never sent.
    """
    if isinstance(error, _ILL):
        return Outcome.ILL
    return Outcome.WELL if isinstance(error, _WELL) else Outcome.NOTHING


def may_pass(error: GraphError) -> bool:
    """Whether the same call may succeed a moment later."""
    if not isinstance(error, BackendError) or isinstance(error, Refusal):
        return False
    return CODES[error.code].retryable or isinstance(error, Garbled)
