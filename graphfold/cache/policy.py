"""How the results of a backend operation are cached, as its author declared it."""

from __future__ import annotations

from dataclasses import dataclass

from graphfold.viewer import Share

__all__ = ["CachePolicy"]


@dataclass(frozen=True, slots=True)
class CachePolicy:
    """The cache options of an operation; times in seconds.

    An entry is fresh for at most `ttl` (0: nothing is cached). For `stale` seconds more it is served while it is
    refreshed, for `stale_if_error` seconds more it replaces a failed call. `negative_ttl` is the time to live of
    negative entries and rejections; None: `ttl`. `share` says which viewers share entries.

    The cache holds at most `cache_size` rows and an estimated `cache_bytes` of entries. Replies kept for revalidation
    have what the entries leave of `cache_bytes`.
    """

    ttl: float = 0.0
    share: Share = "viewer"
    cache_size: int = 10_000
    cache_bytes: int = 64_000_000
    stale: float = 0.0
    stale_if_error: float = 0.0
    negative_ttl: float | None = None

    @property
    def effective_negative_ttl(self) -> float:
        return self.ttl if self.negative_ttl is None else self.negative_ttl
