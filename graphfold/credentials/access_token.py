"""Hold one access token: fetch it once for all waiting calls, renew it before it expires, drop it when refused.

    issued ----------------- renew_at ---- expires_at
      |  current() returns it   |  next() renews; if that fails, the old token stays in use until it expires

Callers queue at a lock. The first to get it sends the token request, within its own deadline. The others then see that
`_requests` has changed since they queued, and share the outcome, token or error, instead of sending another request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from math import ceil
from typing import NamedTuple

from graphfold.errors import BackendBusy, BackendCredentials, GraphError

__all__ = ["AccessToken", "Issued"]

_PAUSE = 1.0
"""Seconds between two attempts to renew a token that is still valid, and after a refusal of our credentials."""

_MAX_RETRY_AFTER = 60.0
"""Seconds: a longer Retry-After of a token endpoint is cut to this."""


class Issued(NamedTuple):
    """A new token and its lifetime in seconds."""

    text: str
    lifetime: float


class AccessToken:
    """An access token, renewed `skew` seconds before it expires, by a `clock` that counts seconds.

    A token that lives for less than twice `skew` is renewed after half of its lifetime.
    """

    def __init__(self, issue: Callable[[], Awaitable[Issued]], clock: Callable[[], float], skew: float) -> None:
        self._issue, self._clock, self._skew = issue, clock, skew
        self._lock = asyncio.Lock()
        self._requests = 0
        self._text: str | None = None
        self._renew_at = self._expires_at = 0.0
        self._refusal: GraphError | None = None
        self._no_requests_until = 0.0  # after a refusal or a Retry-After
        self._no_replacement_until = 0.0  # a fresh token was refused, too, so another would not help

    def current(self) -> str | None:
        """Return the token, or None if it is time to renew it."""
        return self._text if self._clock() < self._renew_at else None

    async def next(self, refused: str | None = None) -> str:
        """Return a valid token, requesting one if necessary. Raise the error of the token request.

        `refused` is a token that the backend has just refused; another is returned, except where `refused` itself
        replaced a refused one a moment ago, since then the token is not what is wrong.

        The caller that sends the token request is bound by its own deadline. If it is cancelled, the next in the queue
        sends a request of its own.
        """
        requests = self._requests
        async with self._lock:
            if self._requests == requests and (refused == self._text or self.current() is None):
                await self._renew(refused)
            if self._text is not None:
                return self._text
            assert self._refusal is not None
            raise self._refusal_for_waiter(self._refusal)

    async def _renew(self, refused: str | None) -> None:
        started = self._clock()
        if started < self._no_requests_until:
            if refused == self._text or started >= self._expires_at:
                self._text = None
            return
        if refused is not None and refused == self._text and started < self._no_replacement_until:
            return
        try:
            issued = await self._issue()
        except GraphError as error:
            self._record_failure(error, keep=refused != self._text and started < self._expires_at)
        else:
            self._text, self._expires_at = issued.text, started + issued.lifetime
            self._no_replacement_until = started + _PAUSE if refused is not None else 0.0
            self._renew_at = started + max(issued.lifetime - self._skew, issued.lifetime / 2)
        self._requests += 1

    def _record_failure(self, error: GraphError, *, keep: bool) -> None:
        """Schedule the next request; `keep` a token that is still valid, since the outage may be short."""
        now, self._refusal = self._clock(), error
        if isinstance(error, BackendBusy):
            self._no_requests_until = now + min(error.retry_after or _PAUSE, _MAX_RETRY_AFTER)
        if keep:
            self._renew_at = min(max(now + _PAUSE, self._no_requests_until), self._expires_at)
            return
        if isinstance(error, BackendCredentials):
            self._no_requests_until = now + _PAUSE
        self._text, self._renew_at, self._expires_at = None, 0.0, 0.0

    def _refusal_for_waiter(self, refusal: GraphError) -> GraphError:
        """Return a fresh exception, because each waiter adds its own traceback, with `retry_after` recomputed."""
        retry_after = refusal.retry_after and ceil(self._no_requests_until - self._clock())
        return type(refusal)(refusal.message, retry_after=retry_after, internal=refusal.internal)
