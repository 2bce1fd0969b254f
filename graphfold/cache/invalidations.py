"""Record which keys of an operation were invalidated, and when.

"When" is a tick, the process-wide order of calls and invalidations, not a time: an entry is valid if its request began
at a later tick than the last invalidation of its key. So the result of a call that was in flight during a write is
invalid, too, although it arrives later.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Hashable
from itertools import count

__all__ = ["ALL_KEYS", "Invalidations", "next_tick"]

ALL_KEYS: Hashable = object()
"""Stands for every key of the operation."""

next_tick = count(1).__next__
"""Return the next tick, for all caches of the process."""


class Invalidations:
    """The last `size` invalidated keys. When there are more, the oldest ones invalidate everything from before them.

    `last` is the tick of the last invalidation: requests that began later need no further check.
    """

    __slots__ = ("_all_before", "_keys", "_size", "last")

    def __init__(self, size: int) -> None:
        self._size = size
        self._keys: OrderedDict[Hashable, int] = OrderedDict()  # the oldest invalidation first
        self._all_before = self.last = 0

    def add(self, key: Hashable) -> None:
        """Invalidate a key now, or all keys with `ALL_KEYS`."""
        self.last = now = next_tick()
        if key is ALL_KEYS:
            self._all_before = now
            self._keys.clear()
            return
        self._keys[key] = now
        self._keys.move_to_end(key)
        if len(self._keys) > self._size:
            self._all_before = self._keys.popitem(last=False)[1]

    def invalidates_all(self, began: int) -> bool:
        """Return whether every result of a request that began at this tick is invalid."""
        return began <= self._all_before

    def is_valid(self, key: Hashable, began: int) -> bool:
        """Return whether a key was not invalidated since this tick."""
        return began > self._all_before and began > self._keys.get(key, 0)

    def are_valid(self, keys: Collection[Hashable], since: int) -> bool:
        """Return whether none of these keys was invalidated since this tick. Looks at the last invalidations only."""
        if since > self.last:
            return True
        for key, tick in reversed(self._keys.items()):
            if tick <= since:
                break
            if key in keys:
                return False
        return since > self._all_before
