"""What an error says: whether its backend is ill, whether it wants a pause, and whether asking again may help."""

from __future__ import annotations

from graphfold.errors import (
    CODES,
    BackendBusy,
    BackendCredentials,
    BackendError,
    BackendRejected,
    BackendUnavailable,
    DeadlineExceeded,
    Forbidden,
    GraphError,
    InvalidInput,
    NotFound,
    Unauthenticated,
)
from graphfold.resilience.circuit import Outcome
from graphfold.resilience.refusals import Refusal
from graphfold.transport.failures import Garbled, Unsent

__all__ = ["may_pass", "outcome_of", "pause_of"]

_SILENT = (Unsent, BackendBusy)
_WELL = (BackendRejected, BackendCredentials, NotFound, Forbidden, Unauthenticated, InvalidInput)


def outcome_of(error: GraphError) -> Outcome:
    """An outage is illness: 5xx, timeouts, broken connections, bad replies, SOAP server faults. A refusal is an answer.

    BACKEND_BUSY is about how much we ask, DEADLINE_EXCEEDED is the operation's; the rest was never sent.
    """
    if isinstance(error, _SILENT):
        return Outcome.NOTHING
    if isinstance(error, DeadlineExceeded):
        return Outcome.CUT
    if error.is_outage:
        return Outcome.ILL
    return Outcome.WELL if isinstance(error, _WELL) else Outcome.NOTHING


def may_pass(error: GraphError) -> bool:
    """Whether the same call may succeed a moment later."""
    if not isinstance(error, BackendError) or isinstance(error, Refusal):
        return False
    return CODES[error.code].retryable or isinstance(error, Garbled)


def pause_of(error: GraphError) -> float:
    """Seconds for which the backend itself wants to be left alone."""
    told = isinstance(error, BackendBusy | BackendUnavailable) and not isinstance(error, Unsent)
    return (error.retry_after or 0.0) if told else 0.0
