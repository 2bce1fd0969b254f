"""Notify observers of attempts: each sending of a request to a backend, its outcome and the reply's status."""

from __future__ import annotations

from contextvars import ContextVar
from time import perf_counter
from typing import TypeVar

from graphfold.adapter.revalidation import CallSender
from graphfold.observer import AttemptEvent, Observers, current_batch, error_name, notify
from graphfold.resilience.guard import Attempt
from graphfold.transport.call import Call, Reply

__all__ = ["ObservedClient", "observe_attempt"]

T = TypeVar("T")

_current_attempt: ContextVar[AttemptEvent | None] = ContextVar("graphfold_attempt", default=None)


class ObservedClient:
    """Client that notes each reply's status on the attempt that runs in its context."""

    __slots__ = ("_client",)

    def __init__(self, client: CallSender) -> None:
        self._client = client

    async def send(self, call: Call, seconds: float | None = None) -> Reply:
        """Send the call with the wrapped client."""
        reply = await self._client.send(call, seconds)
        if (event := _current_attempt.get()) is not None:
            event.status = reply.status
        return reply


def observe_attempt(attempt: Attempt[T], observers: Observers, backend: str, operation: str | None) -> Attempt[T]:
    """Return the attempt with events around it."""

    async def run(seconds: float) -> T:
        event = AttemptEvent(backend, operation, current_batch.get())
        token = _current_attempt.set(event)
        notify(observers.attempt_started, event)
        try:
            return await attempt(seconds)
        except BaseException as error:
            event.outcome = error_name(error)
            raise
        finally:
            _current_attempt.reset(token)
            event.ended = perf_counter()
            notify(observers.attempt_ended, event)

    return run
