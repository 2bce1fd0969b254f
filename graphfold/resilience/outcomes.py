"""Classify errors: does one count as a failure of its backend, does it ask for a pause, and may a retry help?"""

from __future__ import annotations

from enum import Enum

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
from graphfold.resilience.refusals import REFUSALS
from graphfold.transport.connection_errors import GarbledReply, Unsent

__all__ = ["Outcome", "is_retryable", "outcome_of", "requested_pause"]

_NEUTRAL = (Unsent, BackendBusy)
_SUCCESS = (BackendRejected, BackendCredentials, NotFound, Forbidden, Unauthenticated, InvalidInput)


class Outcome(Enum):
    """What one attempt says about its backend's health.

    NEUTRAL: nothing, for example a call that the backend refused for its quota. ABANDONED: the caller gave it up. Both
    still count when they were slow; otherwise a backend that hangs would pass as healthy with clients that have short
    deadlines.
    """

    SUCCESS = "success"
    FAILURE = "failure"
    NEUTRAL = "neutral"
    ABANDONED = "abandoned"


def outcome_of(error: GraphError) -> Outcome:
    """Return what an error says about the backend's health.

    An outage is a failure: 5xx, a timeout, a broken connection, a garbled reply, a SOAP server fault. A refusal of this
    one request is a success: the backend has answered. BACKEND_BUSY is about the number of our calls and
    DEADLINE_EXCEEDED about the operation's time; all others were never sent.
    """
    if isinstance(error, _NEUTRAL):
        return Outcome.NEUTRAL
    if isinstance(error, DeadlineExceeded):
        return Outcome.ABANDONED
    if error.is_outage:
        return Outcome.FAILURE
    return Outcome.SUCCESS if isinstance(error, _SUCCESS) else Outcome.NEUTRAL


def is_retryable(error: GraphError) -> bool:
    """Return whether the same call may succeed a moment later."""
    if not isinstance(error, BackendError) or isinstance(error, REFUSALS):
        return False
    return CODES[error.code].retryable or isinstance(error, GarbledReply)


def requested_pause(error: GraphError) -> float:
    """Return the seconds for which the backend itself asked for no calls (its `Retry-After`); 0 where it did not."""
    from_backend = isinstance(error, BackendBusy | BackendUnavailable) and not isinstance(error, Unsent)
    return (error.retry_after or 0.0) if from_backend else 0.0
