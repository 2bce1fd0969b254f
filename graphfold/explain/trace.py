"""Trace one request: its backend calls with keys, times and cache hits, for `extensions.trace`."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from graphfold.observer import AttemptEvent, BatchEvent, KeysEvent, Observer

__all__ = ["Trace"]

MOST_KEYS = 20
"""The number of keys that are listed for one call; their total is always given."""


@dataclass(slots=True)
class _TracedCall:
    """One call of a backend operation, with the keys that needed none. `batch` is None if all keys were known."""

    backend: str
    operation: str
    started: float
    batch: BatchEvent | None = None
    cached: int = 0
    joined: int = 0
    attempts: list[AttemptEvent] = field(default_factory=list)

    def json(self, origin: float, now: float) -> dict[str, Any]:
        batch, keys = self.batch, self.batch.keys if self.batch is not None else None
        ended = self.started if batch is None else batch.ended or now
        return {
            "backend": self.backend,
            "operation": self.operation,
            "keys": [str(key) for key in keys[:MOST_KEYS]] if keys is not None else None,
            "keyCount": len(keys) if keys is not None else 0,
            "cached": self.cached,
            "shared": self.joined,
            "start": _milliseconds(self.started - origin),
            "ms": _milliseconds(ended - self.started),
            "error": batch.error if batch is not None else None,
            "requests": [
                {
                    "start": _milliseconds(attempt.started - origin),
                    "ms": _milliseconds((attempt.ended or now) - attempt.started),
                    "status": attempt.status,
                }
                for attempt in self.attempts
            ],
        }


class Trace(Observer):
    """Observer of a single request. Times count from its creation."""

    def __init__(self) -> None:
        self._origin = perf_counter()
        self._calls: list[_TracedCall] = []
        self._by_batch: dict[BatchEvent, _TracedCall] = {}
        self._known: dict[tuple[str, str], _TracedCall] = {}

    def json(self) -> dict[str, Any]:
        """Return the trace in the order of the calls, with times in milliseconds since the request began."""
        now = perf_counter()
        calls = sorted(self._calls, key=lambda call: call.started)
        return {"ms": _milliseconds(now - self._origin), "calls": [call.json(self._origin, now) for call in calls]}

    def keys_found(self, event: KeysEvent) -> None:
        """Count keys that needed no call. They are shown with the next call of the same operation, if there is one."""
        name = event.backend, event.operation
        call = self._known.get(name)
        if call is None:
            call = self._known[name] = self._new_call(*name)
        call.cached += event.cached
        call.joined += event.joined

    def batch_started(self, event: BatchEvent) -> None:
        """Add a call, or complete the entry of the operation's known keys."""
        name = event.backend, event.operation
        call = self._known.pop(name, None) or self._new_call(*name)
        call.started, call.batch = event.started, event
        self._by_batch[event] = call

    def attempt_started(self, event: AttemptEvent) -> None:
        """Add a request to its call."""
        if event.batch is not None and (call := self._by_batch.get(event.batch)) is not None:
            call.attempts.append(event)

    def _new_call(self, backend: str, operation: str) -> _TracedCall:
        call = _TracedCall(backend, operation, perf_counter())
        self._calls.append(call)
        return call


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 2)
