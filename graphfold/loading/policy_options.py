"""Check the options of `@batch`, `@read` and `@write` and make a policy of them."""

from __future__ import annotations

import re
from math import isfinite
from typing import Any, TypedDict, get_args

from graphfold.loading.backend_operation import OperationPolicy
from graphfold.mistakes import Mistake, author_location
from graphfold.viewer import Share

__all__ = ["CachingOptions", "checked_policy"]


class CachingOptions(TypedDict, total=False):
    """The caching options of `@batch` and `@read`, times in seconds. docs/caching.md has a line for each.

    `ttl`: how long a result may be reused at most (0, the default: within one graph operation only). `share`: which
    viewers share it, none ("viewer"), those of a "tenant", or all ("public", for adapters that call as a service).
    `stale`: for how much longer it is served while it is refreshed. `stale_if_error`: for how much longer it replaces a
    failed call. `negative_ttl`: how long a missing key is taken as missing, by default `ttl`. `cache_size`: the most
    rows. `cache_bytes`: the most bytes, by estimate; validated replies use what the results leave.
    """

    ttl: float
    share: Share
    stale: float
    stale_if_error: float
    negative_ttl: float | None
    cache_size: int
    cache_bytes: int


_TIMES = ("ttl", "stale", "stale_if_error", "negative_ttl")
_SIZES = ("max_size", "parallel", "cache_size", "cache_bytes")


def checked_policy(**options: Any) -> OperationPolicy:
    """Return the policy of these options. Raise `Mistake` for a wrong one."""
    if options.get("share", "viewer") not in get_args(Share):
        raise Mistake(
            author_location(),
            f"share={options['share']!r} is not one of {get_args(Share)}",
            why="it says which callers may share cached results.",
            fix='use "viewer" (each caller its own), or "tenant" or "public" where the adapter calls as a service.',
        )
    for name, value in options.items():
        if (name in _TIMES and not _is_time(name, value)) or (name in _SIZES and not _is_size(value)):
            raise Mistake(
                author_location(),
                f"{name}={value!r} is not valid",
                why="a time is a number of seconds, not negative; a size is a whole number from 1.",
                fix=f"write it as a number, or leave {name} out for its default.",
            )
    _check_caching(options)
    _check_group(options.get("group", ""))
    return OperationPolicy(**options)


def _check_caching(options: dict[str, Any]) -> None:
    for name in _TIMES[1:]:
        if options.get(name) and not options.get("ttl"):
            raise Mistake(
                author_location(),
                f"{name}={options[name]!r} without a ttl",
                why="without a ttl nothing is cached, so it would have no effect.",
                fix=f"add ttl=..., in seconds, or remove {name}.",
            )


def _check_group(group: object) -> None:
    if not re.fullmatch(r"[a-z0-9_]*", str(group)):
        raise Mistake(
            author_location(),
            f"group={group!r} is not the name of a group",
            why="operations of one group share a circuit breaker, which is reported by this name.",
            fix='use lower case letters, digits and underscores, e.g. group="search".',
        )


def _is_time(name: str, value: object) -> bool:
    if value is None:
        return name == "negative_ttl"
    return isinstance(value, int | float) and isfinite(value) and value >= 0


def _is_size(value: object) -> bool:
    return isinstance(value, int) and value >= 1
