"""Connect to the first address of a host that responds (RFC 8305, "happy eyeballs").

An address that leads nowhere would otherwise cost its whole connect timeout before the next is tried. asyncio's own
`happy_eyeballs_delay` is no help: uvloop does not support it.

    t = 0      address 1 ------------------------------> cancelled
    t = 0.25   address 2 --------> connected, returned
    t = 0.5    address 3           never tried
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from graphfold.transport.connection import BackendConnection

__all__ = ["first_connection"]

_ATTEMPT_DELAY = 0.25
"""Seconds between the starts of two attempts (RFC 8305 section 5 recommends 250 ms)."""


async def first_connection(
    addresses: Sequence[str], connect: Callable[[str], Coroutine[Any, Any, BackendConnection]]
) -> BackendConnection:
    """Return the first connection that opens. The next address is tried after a failure or after a delay.

    Connections that open too late are dropped. Raise the error of the first address if all fail.
    """
    if len(addresses) == 1:
        return await connect(addresses[0])
    attempts: list[asyncio.Task[BackendConnection]] = []
    untried, chosen = list(addresses), None
    try:
        while untried or not all(attempt.done() for attempt in attempts):
            if untried:
                attempts.append(asyncio.create_task(connect(untried.pop(0))))
            pending = [attempt for attempt in attempts if not attempt.done()]
            delay = _ATTEMPT_DELAY if untried else None
            await asyncio.wait(pending, timeout=delay, return_when=asyncio.FIRST_COMPLETED)
            if any(map(_is_connected, attempts)):
                break
        chosen = next(filter(_is_connected, attempts), attempts[0])
        return chosen.result()
    finally:
        for attempt in attempts:
            if attempt is not chosen:
                attempt.cancel()
                attempt.add_done_callback(_drop_connection)


def _drop_connection(late: asyncio.Task[BackendConnection]) -> None:
    if _is_connected(late):
        late.result().drop()


def _is_connected(attempt: asyncio.Task[BackendConnection]) -> bool:
    return attempt.done() and not attempt.cancelled() and attempt.exception() is None
