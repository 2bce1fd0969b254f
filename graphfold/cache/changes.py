"""Which keys of one operation have changed, and when: what was asked for before a change is void, also if it is still
under way. Moments are the process's order of calls and changes, not times.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Hashable

from graphfold.cache.parts import moment

__all__ = ["ALL_KEYS", "Changes"]

ALL_KEYS: Hashable = object()
"""Changed with this: every key of the operation."""


class Changes:
    """At most `size` keys are remembered; with more, the oldest changes void every key's answers from before.

    `last` is the moment of the last change: nothing that began later has to be looked at.
    """

    __slots__ = ("_floor", "_keys", "_size", "last")

    def __init__(self, size: int) -> None:
        self._size = size
        self._keys: OrderedDict[Hashable, int] = OrderedDict()
        self._floor = self.last = 0

    def add(self, key: Hashable) -> None:
        """This key has changed just now, or all with ALL_KEYS."""
        self.last = now = moment()
        if key is ALL_KEYS:
            self._floor = now
            self._keys.clear()
            return
        self._keys[key] = now
        self._keys.move_to_end(key)
        if len(self._keys) > self._size:
            self._floor = self._keys.popitem(last=False)[1]

    def void_all(self, began: int) -> bool:
        """Is everything void that was asked for at this moment?"""
        return began <= self._floor

    def spare(self, key: Hashable, began: int) -> bool:
        """Has the key not changed since this moment?"""
        return began > self._floor and began > self._keys.get(key, 0)

    def spare_all(self, keys: Collection[Hashable], since: int) -> bool:
        """Has none of these keys changed since this moment? The last changes are looked at first."""
        if since > self.last:
            return True
        for key, when in reversed(self._keys.items()):
            if when <= since:
                break
            if key in keys:
                return False
        return since > self._floor
