"""`extensions.freshness`: every path of an answer that was told although it had ended, how old it is, and why."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any

from graphql.pyutils import Path

from graphfold.graph.notes import cover, note
from graphfold.loading.staleness import Outdated, Whereabouts, here, report

__all__ = ["resolved_at", "tell"]


def tell(outdated: list[Outdated]) -> None:
    """Add what was stale to the running operation's answer."""
    for told in report(outdated):
        note("freshness", told)
    for each in outdated:
        if each.stale.error is not None:
            cover("stale", each.stale.error.at(each.backend, each.operation))


def resolved_at(path: Path, resolve: Callable[[], Any]) -> Any:
    """What a resolver gives that graphql-core runs, which does not say in the context where it is. Plans do."""
    where = Whereabouts(path.as_list)
    token = here.set(where)
    try:
        found = resolve()
    finally:
        here.reset(token)
    return _within(where, found) if isawaitable(found) else found


async def _within(where: Whereabouts, work: Awaitable[Any]) -> Any:
    token = here.set(where)
    try:
        return await work
    finally:
        here.reset(token)
