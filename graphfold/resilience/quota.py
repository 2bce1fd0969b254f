"""Keep the quota of one backend: the one that its adapter declares, and the one that its replies announce.

A declared quota is a token bucket. An announced one (`RateLimit-*` headers) is a window that counts until it ends. A
`Retry-After` pauses all calls. A call has to wait for the strictest of the three. The last fifth of a quota is reserved
for critical calls; the others are refused rather than queued. Times are seconds of one clock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from graphfold.resilience.options import Quota
from graphfold.resilience.rate_limit_headers import RateLimit, parse_rate_limit
from graphfold.resilience.refusals import QuotaSpent
from graphfold.resilience.retry import jitter

__all__ = ["QuotaLimiter", "Reservation"]

RESERVE = 0.2
"""The share of a quota that only critical calls may use."""

MAX_TRUST = 60.0
"""Seconds for which a backend's announcement or pause holds. Then a call finds out anew, so that one odd header cannot
silence a backend for an hour.
"""

_NO_WAIT = 0.001
"""A wait of so few seconds is a rounding error."""


class TokenBucket:
    """A declared quota, filled with tokens at the declared rate.

    A token may be taken before it is there: the bucket is in debt then, and each such caller waits for its own token.
    So all that has to be kept is the time at which the bucket will be full.
    """

    __slots__ = ("_full_at", "_interval", "burst")

    def __init__(self, quota: Quota) -> None:
        self._interval = quota.per / quota.rate
        self.burst = quota.burst or max(1, int(quota.rate / quota.per))
        self._full_at = 0.0

    def tokens(self, now: float) -> float:
        """Return the number of tokens in the bucket; negative when it is in debt."""
        return self.burst - max(self._full_at - now, 0.0) / self._interval

    def wait(self, now: float, *, critical: bool) -> float:
        """Return the seconds until there is a token for such a call."""
        # Another call must leave the reserve in the bucket, or the bucket full where the reserve is all of it.
        needed = 1.0 if critical else min(1 + RESERVE * self.burst, self.burst)
        return max((needed - self.tokens(now)) * self._interval, 0.0)

    def take(self, now: float) -> None:
        self._full_at = max(self._full_at, now) + self._interval

    def give_back(self) -> None:
        self._full_at -= self._interval


class QuotaWindow:
    """An announced quota: `remaining` calls until `ends`. The last fifth is spread over the time that is left."""

    __slots__ = ("_next_slot", "ends", "limit", "remaining")

    def __init__(self, rate_limit: RateLimit, now: float) -> None:
        self.remaining, self.limit, self.ends = rate_limit.remaining, rate_limit.limit, now + rate_limit.seconds
        self._next_slot = 0.0

    def update(self, rate_limit: RateLimit, now: float) -> bool:
        """Take over what a later reply announces. Return False where it is about another window.

        The smaller of both numbers holds: a reply may be late, and does not count the calls that are in flight.
        """
        if abs(now + rate_limit.seconds - self.ends) > 1.5:  # backends count in whole seconds
            return False
        self.remaining = min(self.remaining, rate_limit.remaining)
        return True

    def wait(self, now: float, *, critical: bool) -> float:
        """Return the seconds until such a call may be made."""
        if self.remaining <= 0 or (self._is_low and not critical):
            return max(self.ends - now, 0.0)
        return max(self._next_slot - now, 0.0) if self._is_low else 0.0

    def take(self, now: float) -> None:
        if self._is_low:
            # Divide the time until the end among the calls that are left, and give this one the next part.
            slot = max(self._next_slot, now)
            self._next_slot = slot + max(self.ends - slot, 0.0) / max(self.remaining, 1)
        self.remaining -= 1

    def give_back(self) -> None:
        self.remaining += 1

    @property
    def _is_low(self) -> bool:
        return self.limit is not None and self.remaining <= RESERVE * self.limit


class Reservation(NamedTuple):
    """One call of the quota, which may be made after `seconds`, and the `limits` it was taken from."""

    seconds: float
    limits: list[TokenBucket | QuotaWindow]

    def give_back(self) -> None:
        """Return the call unused to the limits it was taken from; a window that began later does not get it."""
        for limit in self.limits:
            limit.give_back()


class QuotaLimiter:
    """The quota of one backend: `reserve` before each call, `observe_headers` and `pause` with what comes back.

    `active` says whether there is any quota, so that calls without one skip all of this. Replies count only where
    `trust_replies` is set: a backend that identifies the caller may announce the quota of that caller alone.
    `on_change` hears an announced limit with the calls left, or a pause in seconds.
    """

    __slots__ = (
        "_bucket",
        "_clock",
        "_on_change",
        "_paused_until",
        "_refused",
        "_trust_replies",
        "_trusted_until",
        "_window",
        "active",
    )

    def __init__(
        self,
        quota: Quota | None,
        clock: Callable[[], float],
        *,
        trust_replies: bool,
        on_change: Callable[[int | None, int | None, float | None], None] | None = None,
    ) -> None:
        self._on_change = on_change
        self._clock, self._trust_replies = clock, trust_replies
        self._bucket = TokenBucket(quota) if quota is not None else None
        self._window: QuotaWindow | None = None
        self._trusted_until = self._paused_until = 0.0
        self.active, self._refused = quota is not None, 0

    def reserve(self, seconds: float, *, critical: bool) -> Reservation:
        """Take one call from the quota, to be made after a wait of less than `seconds`.

        Raise BACKEND_BUSY, and take nothing, where it would have to wait longer. A call that is not critical never
        waits.
        """
        wait = self.wait(critical=critical)
        pause = self._common_pause()
        if wait and (wait >= seconds or not critical):
            self._refused += 1
            if pause > _NO_WAIT:
                reason = "the backend has asked for a pause"
            else:
                reason = "the quota is used up" if critical else "the rest is kept for critical calls"
            raise QuotaSpent(wait, reason)
        # Calls that wait for the bucket or for a slot are spread already; those that wait for a pause end together.
        extra = jitter(wait, seconds - wait) if wait <= pause + _NO_WAIT else 0.0
        return Reservation(wait + extra, self.take())

    def take(self) -> list[TokenBucket | QuotaWindow]:
        """Take one call from the quota, even one that is not there. Return the limits it was taken from."""
        now = self._clock()
        limits = self._limits(now)
        for limit in limits:
            limit.take(now)
        return limits

    def wait(self, *, critical: bool) -> float:
        """Return the seconds until such a call may be made."""
        now = self._clock()
        waits = (limit.wait(now, critical=critical) for limit in self._limits(now))
        wait = max(self._paused_until - now, *waits, 0.0)
        return wait if wait > _NO_WAIT else 0.0

    def confirm(self) -> None:
        """Raise BACKEND_BUSY where the backend asked for a pause while a call waited for its reservation."""
        wait = self._paused_until - self._clock()
        if wait > _NO_WAIT:
            self._refused += 1
            raise QuotaSpent(wait, "the backend asked for a pause while the call waited")

    def pause(self, seconds: float) -> None:
        """Make no calls for so many seconds, as the backend asked."""
        if self._trust_replies:
            self._paused_until = max(self._paused_until, self._clock() + min(seconds, MAX_TRUST))
            self.active = True
            if self._on_change is not None:
                self._on_change(None, None, min(seconds, MAX_TRUST))

    def observe_headers(self, headers: Mapping[str, str]) -> None:
        """Take over the rate limit that a reply's headers announce. Their names are in lower case."""
        rate_limit = parse_rate_limit(headers) if self._trust_replies else None
        if rate_limit is None:
            return
        now = self._clock()
        self._trusted_until, self.active = now + MAX_TRUST, True
        if self._window is None or not self._window.update(rate_limit, now):
            self._window = QuotaWindow(rate_limit, now)
        if self._on_change is not None:
            self._on_change(self._window.limit, self._window.remaining, None)

    def snapshot(self) -> dict[str, float | int | None]:
        """Return what is left of the quota, as JSON."""
        now = self._clock()
        state: dict[str, float | int | None] = {"shed": self._refused}
        if self._bucket is not None:
            state |= {"tokens": round(self._bucket.tokens(now), 1), "burst": self._bucket.burst}
        if self._window in self._limits(now) and (window := self._window):
            state |= {"left": window.remaining, "limit": window.limit, "seconds": round(window.ends - now, 1)}
        if self._paused_until > now:
            state["paused"] = round(self._paused_until - now, 1)
        return state

    def _common_pause(self) -> float:
        """Return the seconds until a pause or a used-up window ends, which is the same moment for all callers."""
        window = self._window
        ends = window.ends if window is not None and window.remaining <= 0 else 0.0
        return max(self._paused_until, ends) - self._clock()

    def _limits(self, now: float) -> list[TokenBucket | QuotaWindow]:
        """Return the limits that hold now, and forget a window that has ended or was not announced for long."""
        if self._window is not None and now >= min(self._window.ends, self._trusted_until):
            self._window = None
        return [limit for limit in (self._bucket, self._window) if limit is not None]
