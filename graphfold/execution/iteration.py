"""Whatever a resolver may give for a list, as a Python list."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable
from contextlib import suppress
from typing import Any

from graphfold.loading.answer import Failed

__all__ = ["Broken", "drained", "listed"]


class Broken(Failed):
    """The last item of a list whose iteration ended with an error: that is the list's error, not an item's."""

    __slots__ = ()


def listed(iterable: Iterable[Any]) -> list[Any]:
    items: list[Any] = []
    try:
        items.extend(iterable)
    except Exception as error:
        items.append(Broken(error))
    return items


async def drained(iterable: AsyncIterable[Any], *, required: bool) -> list[Any]:
    """The items; ends early, as graphql-core does, at one that will null the whole list."""
    items: list[Any] = []
    iterator: Any = aiter(iterable)
    try:
        async for item in iterator:
            items.append(item)
            if required and (item is None or isinstance(item, Exception)):
                await _closed(iterator)
                break
    except Exception as error:
        await _closed(iterator)
        items.append(Broken(error))
    return items


async def _closed(iterator: Any) -> None:
    if hasattr(iterator, "aclose"):
        with suppress(Exception):
            await iterator.aclose()
