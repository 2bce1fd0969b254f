"""What one call may cost."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CallLimits"]


@dataclass(frozen=True, slots=True)
class CallLimits:
    """Seconds and bytes for one call. `total` covers everything from connecting to the last byte of the body."""

    total: float = 5.0
    connect: float = 1.0
    reply: int = 10_000_000
