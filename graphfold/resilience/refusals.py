"""Errors for calls that are refused here, before anything is sent: the backend had no part in them."""

from __future__ import annotations

from math import ceil

from graphfold.errors import BackendBusy, BackendUnavailable

__all__ = ["REFUSALS", "CircuitOpen", "QueueFull", "QuotaSpent"]


class CircuitOpen(BackendUnavailable):
    """The circuit breaker lets no call through for `seconds` more."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            "The backend is failing, and calls to it are paused.",
            retry_after=_rounded(seconds),
            internal="breaker open",
        )


class QueueFull(BackendBusy):
    """The bulkhead has as many active and waiting calls as it may have."""

    def __init__(self, internal: str) -> None:
        super().__init__("Too many calls to the backend are waiting.", internal=internal)


class QuotaSpent(BackendBusy):
    """The backend's quota is used up for `seconds` more, or what is left of it is reserved for critical calls."""

    def __init__(self, seconds: float, internal: str) -> None:
        super().__init__("The backend takes no more calls now.", retry_after=_rounded(seconds), internal=internal)


def _rounded(seconds: float) -> float:
    """Round up to a tenth, so that no client comes back too early."""
    return ceil(seconds * 10) / 10


REFUSALS = (CircuitOpen, QueueFull, QuotaSpent)
