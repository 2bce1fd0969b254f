"""What resolvers may do with what surrounds them: context variables, cancellation, the task they run in."""

from __future__ import annotations

import asyncio
import weakref
from typing import Any

from tests.execution.behaviours import ALL, SOON, Loads, behaviour, variable

__all__ = ["ALL"]

# Context variables


@behaviour("a context variable set before a load")
async def _(i: int, to: Loads) -> Any:
    before = variable.get()
    variable.set(i)
    await to.load(i)
    return before, variable.get()


@behaviour("a context variable set without a wait")
async def _(i: int, to: Loads) -> Any:
    before = variable.get()
    variable.set(i)
    return before, variable.get()


@behaviour("a context variable set between loads")
async def _(i: int, to: Loads) -> Any:
    await to.load(i)
    before = variable.get()
    variable.set(i)
    await to.load(i + 9)
    return before, variable.get()


@behaviour("a context variable reset after a load")
async def _(i: int, to: Loads) -> Any:
    token = variable.set(i)
    value = await to.load(i)
    variable.reset(token)
    return value, variable.get()


@behaviour("a context variable set before sleep", waits=True)
async def _(i: int, to: Loads) -> Any:
    variable.set(i)
    await asyncio.sleep(SOON)
    return variable.get()


# Errors and cancellation


@behaviour("an error before any wait")
async def _(i: int, to: Loads) -> Any:
    raise KeyError(i)


@behaviour("an error after a load")
async def _(i: int, to: Loads) -> Any:
    await to.load(i)
    raise KeyError(i)


@behaviour("cancelling itself, and staying")
async def _(i: int, to: Loads) -> Any:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    try:
        return await to.load(i)
    except asyncio.CancelledError:
        task.uncancel()
        return "cancelled", task.cancelling()


# The current task


@behaviour("the same task all along")
async def _(i: int, to: Loads) -> Any:
    task = asyncio.current_task()
    await to.load(i)
    return task is asyncio.current_task(), isinstance(task, asyncio.Task)


@behaviour("the same task after sleep", waits=True)
async def _(i: int, to: Loads) -> Any:
    task = asyncio.current_task()
    await asyncio.sleep(SOON)
    return task is asyncio.current_task()


@behaviour("a weak reference to the task")
async def _(i: int, to: Loads) -> Any:
    task: Any = asyncio.current_task()
    reference: Any = weakref.ref(task, lambda _: None)
    del task
    await to.load(i)
    return reference() is asyncio.current_task()


@behaviour("a weak dictionary keyed by the task")
async def _(i: int, to: Loads) -> Any:
    notes: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()
    notes[asyncio.current_task()] = i
    await to.load(i)
    return notes.get(asyncio.current_task())


@behaviour("the task is among all tasks")
async def _(i: int, to: Loads) -> Any:
    task = asyncio.current_task()
    await to.load(i)
    return task in asyncio.all_tasks()


@behaviour("the id of a task that nobody keeps")
async def _(i: int, to: Loads) -> Any:
    to.seen.append(id(asyncio.current_task()))
    await to.load(i)
    return len(set(to.seen)) == 3


@behaviour("the coroutine of the task")
async def _(i: int, to: Loads) -> Any:
    await asyncio.sleep(0)
    task: Any = asyncio.current_task()
    return task.get_coro().__qualname__.endswith("_")


@behaviour("all begin before the next turn")
async def _(i: int, to: Loads) -> Any:
    to.seen.append(i)
    asyncio.get_running_loop().call_soon(to.seen.append, "turn")
    await to.load(i)
    return tuple(to.seen[:4])
