"""A request to a backend that has not ended, which equal loads of other operations join."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, NamedTuple

__all__ = ["FetchOutcome", "InFlightRequest"]


class FetchOutcome(NamedTuple):
    """The results by key and the time until which all are fresh. If not `shared`, they are for the requester only."""

    results: dict[Any, Any]
    expires: float
    shared: bool


@dataclass(frozen=True, slots=True)
class InFlightRequest:
    """The future outcome of a request, the OnDemand fields it asks for, and the tick at which it began."""

    outcome: asyncio.Future[FetchOutcome]
    fields: frozenset[str]
    began: int
