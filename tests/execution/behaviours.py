"""What resolvers may do with asyncio, context variables and loads. Each is a coroutine function of a number and loads.

Those about what surrounds a resolver are in `surroundings`. All run as tasks and driven by a plan: nobody, the
resolvers themselves included, may see a difference.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from typing import Any

import anyio

__all__ = ["ALL", "DIFFERENT", "SLOW", "SOON", "WAITING", "Loads", "Resolver", "behaviour", "variable"]

variable: ContextVar[object] = ContextVar("variable", default="unset")

Resolver = Callable[[int, "Loads"], Coroutine[Any, Any, Any]]

SOON, SLOW, LATE = 0.001, 0.05, 10
"""Seconds. Loads are SLOW where a behaviour waits for the clock; nothing takes as long as LATE."""

ALL: dict[str, Resolver] = {}
WAITING: set[str] = set()
"""Those that wait for the clock."""
DIFFERENT = {
    "the coroutine of the task": "it is a wrapper of ours",
}
"""What is known to differ from a task, and why."""


class Loads:
    """What a resolver is given beside its number; one for all resolvers of a run."""

    def __init__(self, load: Callable[[Any], Any]) -> None:
        self.load = load
        self.lock = asyncio.Lock()
        self.seen: list[Any] = []
        self.event = asyncio.Event()


def behaviour(name: str, *, waits: bool = False) -> Callable[[Resolver], Resolver]:
    def keep(function: Resolver) -> Resolver:
        ALL[name] = function
        if waits:
            WAITING.add(name)
        return function

    return keep


# Loads


@behaviour("a load")
async def loaded(i: int, to: Loads) -> Any:
    return await to.load(i)


@behaviour("two loads after each other")
async def _(i: int, to: Loads) -> Any:
    return await to.load(i) + await to.load(i + 100)


@behaviour("loads made before the first is awaited")
async def _(i: int, to: Loads) -> Any:
    first, second = to.load(i), to.load(i + 100)
    return await first + await second


@behaviour("a load awaited twice")
async def _(i: int, to: Loads) -> Any:
    load = to.load(i)
    return await load + await load


@behaviour("a load that nobody awaits")
async def _(i: int, to: Loads) -> Any:
    to.load(i + 100)
    return await to.load(i)


@behaviour("a load that fails")
async def _(i: int, to: Loads) -> Any:
    return await to.load("bad")


@behaviour("a load whose failure is caught")
async def _(i: int, to: Loads) -> Any:
    try:
        return await to.load("bad")
    except ValueError as error:
        return str(error)


@behaviour("gather of loads")
async def _(i: int, to: Loads) -> Any:
    return await asyncio.gather(to.load(i), to.load(i + 100))


@behaviour("gather of a load and an error")
async def _(i: int, to: Loads) -> Any:
    return [str(outcome) for outcome in await asyncio.gather(to.load(i), to.load("bad"), return_exceptions=True)]


@behaviour("shield of a load")
async def _(i: int, to: Loads) -> Any:
    return await asyncio.shield(to.load(i))


@behaviour("wait of a load")
async def _(i: int, to: Loads) -> Any:
    load = to.load(i)
    done, pending = await asyncio.wait([asyncio.ensure_future(load)])
    return load.result(), len(done), len(pending)


@behaviour("as_completed of loads")
async def _(i: int, to: Loads) -> Any:
    return sorted([await load for load in asyncio.as_completed([to.load(i), to.load(i + 7)])])


@behaviour("wait_for of a load", waits=True)
async def _(i: int, to: Loads) -> Any:
    try:
        return await asyncio.wait_for(to.load(i), SOON if i == 1 else LATE)
    except TimeoutError:
        return "too late"


@behaviour("a callback on a load")
async def _(i: int, to: Loads) -> Any:
    load, called = to.load(i), asyncio.Event()
    asyncio.ensure_future(load).add_done_callback(lambda _: called.set())
    await called.wait()
    return await load


# Waits of other kinds


@behaviour("sleep, then a load", waits=True)
async def _(i: int, to: Loads) -> Any:
    await asyncio.sleep(SOON)
    return await to.load(i)


@behaviour("a turn of the loop, then a load")
async def _(i: int, to: Loads) -> Any:
    await asyncio.sleep(0)
    return await to.load(i)


@behaviour("a load, then sleep", waits=True)
async def _(i: int, to: Loads) -> Any:
    value = await to.load(i)
    await asyncio.sleep(SOON)
    return value


@behaviour("a future of the loop")
async def _(i: int, to: Loads) -> Any:
    future = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(future.set_result, i)
    return await future


@behaviour("an event that another sets")
async def _(i: int, to: Loads) -> Any:
    if i == 2:
        to.event.set()
    else:
        await to.event.wait()
    return await to.load(i)


@behaviour("a lock around a load")
async def _(i: int, to: Loads) -> Any:
    async with to.lock:
        return await to.load(i)


@behaviour("a task of its own")
async def _(i: int, to: Loads) -> Any:
    return await asyncio.create_task(ALL["a load"](i, to))


@behaviour("nothing at all")
async def _(i: int, to: Loads) -> Any:
    return i


# Timeouts


@behaviour("a timeout around a load", waits=True)
async def _(i: int, to: Loads) -> Any:
    try:
        async with asyncio.timeout(SOON if i == 1 else LATE):
            return await to.load(i)
    except TimeoutError:
        return "too late"


@behaviour("a timeout around sleep", waits=True)
async def _(i: int, to: Loads) -> Any:
    try:
        async with asyncio.timeout(SOON if i == 1 else LATE):
            await asyncio.sleep(SLOW)
            return "slept"
    except TimeoutError:
        return "too late"


@behaviour("a timeout after a load", waits=True)
async def _(i: int, to: Loads) -> Any:
    value = await to.load(i)
    try:
        async with asyncio.timeout(SOON):
            await asyncio.sleep(LATE)
    except TimeoutError:
        return value, "too late"


@behaviour("a timeout of nothing", waits=True)
async def _(i: int, to: Loads) -> Any:
    try:
        async with asyncio.timeout(0):
            await asyncio.sleep(LATE)
    except TimeoutError:
        return "too late"


@behaviour("anyio.fail_after around a load", waits=True)
async def _(i: int, to: Loads) -> Any:
    try:
        with anyio.fail_after(SOON if i == 1 else LATE):
            return await to.load(i)
    except TimeoutError:
        return "too late"


@behaviour("anyio.move_on_after around sleep", waits=True)
async def _(i: int, to: Loads) -> Any:
    with anyio.move_on_after(SOON) as scope:
        await anyio.sleep(LATE)
    return scope.cancelled_caught


# Groups of tasks


@behaviour("a task group of loads")
async def _(i: int, to: Loads) -> Any:
    async with asyncio.TaskGroup() as group:
        first: Any = group.create_task(loaded(i, to))
        second: Any = group.create_task(loaded(i + 50, to))
    return first.result(), second.result()


@behaviour("a task group in which one fails")
async def _(i: int, to: Loads) -> Any:
    async def failing() -> None:
        raise ValueError(i)

    told: list[str] = []
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(failing())
            await to.load(i)
            await asyncio.sleep(LATE)
    except* ValueError as errors:
        told = [str(error) for error in errors.exceptions]
    return told


@behaviour("a task group of anyio")
async def _(i: int, to: Loads) -> Any:
    found: list[Any] = []

    async def one(key: int) -> None:
        found.append(await to.load(key))

    async with anyio.create_task_group() as group:
        group.start_soon(one, i)
        group.start_soon(one, i + 1)
    return sorted(found)
