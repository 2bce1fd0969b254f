"""The quota of one backend: what its adapter declares, and what the backend says of it in its replies.

A declared quota is a token bucket; what replies announce counts until its window ends; a Retry-After is waited out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from graphfold.resilience.announced import announced
from graphfold.resilience.bucket import Bucket, Window
from graphfold.resilience.declaration import Quota
from graphfold.resilience.refusals import QuotaSpent
from graphfold.resilience.retry import jitter

__all__ = ["Meter", "Reserved"]

LONGEST = 60.0
"""Seconds for which a backend is believed: then a call finds out anew, lest one odd header silences it for an hour."""

_NOTHING = 0.001
"""Seconds that are not worth a wait: rounding."""


class Reserved(NamedTuple):
    """One call of the quota, to be made after so many `seconds`, and what it was taken from."""

    seconds: float
    parts: list[Bucket | Window]

    def give_back(self) -> None:
        """The call is not made. A window that has begun meanwhile has not lost it, and does not get it."""
        for part in self.parts:
            part.give_back()


class Meter:
    """`reserve` before each call; `heard` and `pause` with what comes back. `active` says whether there is a quota.

    What comes back counts only where the meter `believes` it: a backend may tell one caller of a quota that is his.
    """

    __slots__ = ("_believed", "_believes", "_bucket", "_clock", "_paused", "_shed", "_window", "active")

    def __init__(self, quota: Quota | None, clock: Callable[[], float], *, believes: bool) -> None:
        self._clock, self._believes = clock, believes
        self._bucket = Bucket(quota) if quota is not None else None
        self._window: Window | None = None
        self._believed = self._paused = 0.0
        self.active, self._shed = quota is not None, 0

    def reserve(self, seconds: float, *, critical: bool) -> Reserved:
        """Take one call from the quota, to be made after a wait of less than `seconds`.

        Raises BACKEND_BUSY, and takes nothing, where that is too long; what is not critical never waits, and may not
        touch the last fifth.
        """
        wait = self.wait(critical=critical)
        if wait and (wait >= seconds or not critical):
            self._shed += 1
            raise QuotaSpent(wait, self._why(critical=critical))
        more = jitter(wait, seconds - wait) if wait <= self._silence() + _NOTHING else 0.0
        return Reserved(wait + more, self.take())

    def _why(self, *, critical: bool) -> str:
        if self._silence() > _NOTHING:
            return "the backend has asked for a pause"
        return "the quota is used up" if critical else "the rest is kept for critical calls"

    def take(self) -> list[Bucket | Window]:
        """Take one call from the quota, whether it is there or not: from these parts of it."""
        now = self._clock()
        parts = self._parts(now)
        for part in parts:
            part.take(now)
        return parts

    def wait(self, *, critical: bool) -> float:
        """Seconds until such a call may be made."""
        now = self._clock()
        wait = max(self._paused - now, *(part.wait(now, critical=critical) for part in self._parts(now)), 0.0)
        return wait if wait > _NOTHING else 0.0

    def confirm(self) -> None:
        """After the wait. Raises BACKEND_BUSY where the backend has asked for a pause meanwhile."""
        wait = self._paused - self._clock()
        if wait > _NOTHING:
            self._shed += 1
            raise QuotaSpent(wait, "the backend asked for a pause while the call waited")

    def pause(self, seconds: float) -> None:
        """The backend wants to be left alone."""
        if self._believes:
            self._paused = max(self._paused, self._clock() + min(seconds, LONGEST))
            self.active = True

    def heard(self, headers: Mapping[str, str]) -> None:
        """A reply has come; header names are in lower case."""
        told = announced(headers) if self._believes else None
        if told is None:
            return
        now = self._clock()
        self._believed, self.active = now + LONGEST, True
        if self._window is None or not self._window.correct(told, now):
            self._window = Window(told, now)

    def snapshot(self) -> dict[str, Any]:
        """What is left, as far as it is known."""
        now = self._clock()
        told: dict[str, Any] = {"shed": self._shed}
        if self._bucket is not None:
            told |= {"tokens": round(self._bucket.tokens(now), 1), "burst": self._bucket.burst}
        if self._window in self._parts(now) and (window := self._window):
            told |= {"left": window.left, "limit": window.limit, "seconds": round(window.ends - now, 1)}
        if self._paused > now:
            told["paused"] = round(self._paused - now, 1)
        return told

    def _silence(self) -> float:
        """Seconds until all who wait may go, at once: other waits are of different lengths."""
        window = self._window
        ends = window.ends if window is not None and window.left <= 0 else 0.0
        return max(self._paused, ends) - self._clock()

    def _parts(self, now: float) -> list[Bucket | Window]:
        """What has a say now: a window that has ended, or of which nothing was heard for long, has none."""
        if self._window is not None and now >= min(self._window.ends, self._believed):
            self._window = None
        return [part for part in (self._bucket, self._window) if part is not None]
