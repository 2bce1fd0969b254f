"""The life of one access token: fetched once however many wait, renewed before it ends, given up when refused."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from math import ceil
from typing import NamedTuple

from graphfold.errors import BackendBusy, BackendCredentials, GraphError

__all__ = ["AccessToken", "Issued"]

_PAUSE = 1.0
"""Seconds: a token that is still good is not tried to renew more often, and a refusal is not provoked again."""

_LONGEST = 60.0
"""Seconds for which who issues tokens is believed that it wants no requests."""


class Issued(NamedTuple):
    """A new token, and for how many seconds it is good."""

    text: str
    lifetime: float


class AccessToken:
    """`clock` counts seconds; `skew` is by how many clocks may differ: that long before its end a token is renewed.

    A token that lives for less than twice that is renewed at half of its life.
    """

    def __init__(self, issue: Callable[[], Awaitable[Issued]], clock: Callable[[], float], skew: float) -> None:
        self._issue, self._clock, self._skew = issue, clock, skew
        self._lock = asyncio.Lock()
        self._asked = 0
        self._text: str | None = None
        self._renew_at = self._ends_at = 0.0
        self._refusal: GraphError | None = None
        self._quiet_until = self._in_vain_until = 0.0

    def current(self) -> str | None:
        """The token, None where it is time for another."""
        return self._text if self._clock() < self._renew_at else None

    async def next(self, refused: str | None = None) -> str:
        """A token, another than `refused` unless that has just replaced one that was refused: then tokens are not what
        is wrong. Raises what the request for it raised.

        The request belongs to whoever makes it, with the time that one has; who waited for it shares the outcome. If
        that one gives up, the next makes a request of its own.
        """
        asked = self._asked
        async with self._lock:
            if self._asked == asked and (refused == self._text or self.current() is None):
                await self._renew(refused)
            if self._text is not None:
                return self._text
            assert self._refusal is not None
            raise self._again(self._refusal)

    async def _renew(self, refused: str | None) -> None:
        began = self._clock()
        if began < self._quiet_until:
            if refused == self._text or began >= self._ends_at:
                self._text = None
            return
        if refused is not None and refused == self._text and began < self._in_vain_until:
            return
        try:
            issued = await self._issue()
        except GraphError as error:
            self._failed(error, keep=refused != self._text and began < self._ends_at)
        else:
            self._text, self._ends_at = issued.text, began + issued.lifetime
            self._in_vain_until = began + _PAUSE if refused is not None else 0.0
            self._renew_at = began + max(issued.lifetime - self._skew, issued.lifetime / 2)
        self._asked += 1

    def _failed(self, error: GraphError, *, keep: bool) -> None:
        """A token that is still good stays in use: who issues them may be away for a moment."""
        now, self._refusal = self._clock(), error
        if isinstance(error, BackendBusy):
            self._quiet_until = now + min(error.retry_after or _PAUSE, _LONGEST)
        if keep:
            self._renew_at = min(max(now + _PAUSE, self._quiet_until), self._ends_at)
            return
        if isinstance(error, BackendCredentials):
            self._quiet_until = now + _PAUSE
        self._text, self._renew_at, self._ends_at = None, 0.0, 0.0

    def _again(self, refusal: GraphError) -> GraphError:
        """As it was told, and when to come back from now on: an exception of its own for each who is told."""
        left = refusal.retry_after and ceil(self._quiet_until - self._clock())
        return type(refusal)(refusal.message, retry_after=left, internal=refusal.internal)
