"""What one operation's answer is made of: for how long all of it is good, who may see it, and which keys void it.

Whatever remembers answers tells it here, and whatever is asked without being remembered spoils it: an answer that was
put together from such parts is not to be reused. Nothing here is of a single key's making: it costs a few sets.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable
from itertools import count
from math import inf
from typing import Protocol

from graphfold.viewer import Share

__all__ = ["Parts", "Voids", "moment"]

_NARROWER: dict[Share, int] = {"public": 0, "tenant": 1, "viewer": 2}

moment = count(1).__next__
"""The order of calls and of changes, for all caches of the process. Not a time."""


class Voids(Protocol):
    """What knows which keys have changed: the store of one operation of a backend."""

    def spared(self, keys: Collection[Hashable], since: int) -> bool: ...


class Parts:
    """`ends` is the least end of all parts, on the caches' clock: inf while there is none, -inf once it is spoilt."""

    __slots__ = ("began", "ends", "keys", "share")

    def __init__(self) -> None:
        self.began = moment()
        self.ends = inf
        self.share: Share = "public"
        self.keys: dict[Voids, set[Hashable]] = {}

    def use(self, store: Voids, keys: Iterable[Hashable]) -> None:
        """These keys go into the answer."""
        used = self.keys.get(store)
        if used is None:
            used = self.keys[store] = set()
        used.update(keys)

    def last(self, until: float) -> None:
        """A part is good until then."""
        self.ends = min(self.ends, until)

    def spoil(self) -> None:
        """A part may be told once only: it is not remembered, it is stale, or it stands in for what failed."""
        self.ends = -inf

    def narrow(self, share: Share) -> None:
        """A part may be shown to these only."""
        if _NARROWER[share] > _NARROWER[self.share]:
            self.share = share

    def spared(self) -> bool:
        """Has nothing that went into it changed since the operation began, or since this was found last?"""
        for store, keys in self.keys.items():
            if not store.spared(keys, self.began):
                return False
        self.began = moment()  # whatever changes, changes between two calls of this: nothing here waits
        return True
