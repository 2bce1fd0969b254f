"""What is refused on our side, before anything is sent: the backend has had no part in it, and repeating is no use."""

from __future__ import annotations

from math import ceil

from graphfold.errors import BackendBusy, BackendUnavailable

__all__ = ["CircuitOpen", "QueueFull", "QuotaSpent", "Refusal"]


class CircuitOpen(BackendUnavailable):
    """The backend is left alone for `seconds` more."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            "The backend is not well and is left alone.", retry_after=_told(seconds), internal="breaker open"
        )


class QueueFull(BackendBusy):
    """As many calls as may be are under way, and as many as may wait are waiting."""

    def __init__(self, how: str) -> None:
        super().__init__("Too many calls to the backend are waiting.", internal=how)


class QuotaSpent(BackendBusy):
    """What we may ask of the backend is used up for `seconds` more; or what is left is kept for critical calls."""

    def __init__(self, seconds: float, how: str) -> None:
        super().__init__("The backend takes no more calls now.", retry_after=_told(seconds), internal=how)


def _told(seconds: float) -> float:
    """As it is told: rounded up to a tenth, so that nobody comes back too early."""
    return ceil(seconds * 10) / 10


Refusal = (CircuitOpen, QueueFull, QuotaSpent)
