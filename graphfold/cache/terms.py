"""On which terms the answers of one operation of a backend are remembered, as its author declared them."""

from __future__ import annotations

from dataclasses import dataclass

from graphfold.viewer import Share

__all__ = ["Terms"]


@dataclass(frozen=True, slots=True)
class Terms:
    """Times in seconds. `ttl`: how long an answer is good, at most (0: not remembered). `stale`: how much longer it is
    told while a new one is fetched, `stale_if_error`: how much longer it stands in for a failed call. `negative_ttl`:
    how long is believed that there is nothing, or that the backend refuses; None is `ttl`.

    `share`: whose answers they are. `cache_size` in rows, `cache_bytes` by estimate: what comes first is the bound of
    answers. Replies that can be asked for by condition have what answers leave of `cache_bytes`.
    """

    ttl: float = 0.0
    share: Share = "viewer"
    cache_size: int = 10_000
    cache_bytes: int = 64_000_000
    stale: float = 0.0
    stale_if_error: float = 0.0
    negative_ttl: float | None = None

    @property
    def longest_negative(self) -> float:
        return self.ttl if self.negative_ttl is None else self.negative_ttl
