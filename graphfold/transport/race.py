"""Several addresses of one host, tried so that one which leads nowhere costs little (RFC 8305, "happy eyeballs").

uvloop cannot do so by itself, nor can it be told to.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from graphfold.transport.connection import Connection

__all__ = ["first_of"]

_APART = 0.25
"""Seconds."""


async def first_of(addresses: Sequence[str], connect: Callable[[str], Coroutine[Any, Any, Connection]]) -> Connection:
    """The connection that is there first. An address is tried once the one before has failed, or has taken so long.

    Those that come too late are dropped. Raises the failure of the first address where all fail.
    """
    if len(addresses) == 1:
        return await connect(addresses[0])
    tries: list[asyncio.Task[Connection]] = []
    left, first = list(addresses), None
    try:
        while left or not all(one.done() for one in tries):
            if left:
                tries.append(asyncio.create_task(connect(left.pop(0))))
            pending = [one for one in tries if not one.done()]
            await asyncio.wait(pending, timeout=_APART if left else None, return_when=asyncio.FIRST_COMPLETED)
            if any(map(_is_there, tries)):
                break
        first = next(filter(_is_there, tries), tries[0])
        return first.result()
    finally:
        for one in tries:
            if one is not first:
                one.cancel()
                one.add_done_callback(_drop)


def _drop(late: asyncio.Task[Connection]) -> None:
    if _is_there(late):
        late.result().drop()


def _is_there(one: asyncio.Task[Connection]) -> bool:
    return one.done() and not one.cancelled() and one.exception() is None
