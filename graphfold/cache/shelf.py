"""A store as one graph operation sees it: what is remembered or under way for this viewer and these arguments."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple

from graphfold.cache.freshness import Freshness
from graphfold.cache.lot import Lot, Slot, fitting, rows_in
from graphfold.cache.parts import Parts, moment

if TYPE_CHECKING:
    from graphfold.cache.store import Store

__all__ = ["Flight", "Landed", "Shelf"]


AROUND = 200
"""Bytes that an answer is taken to need beside its share of the reply: its object, its key, its places in two dicts."""

_SILENT = Freshness()


class Landed(NamedTuple):
    """The answers by key, the time until all are good, and whether others may have them than who asked."""

    answers: dict[Any, Any]
    ends: float
    shared: bool


@dataclass(frozen=True, slots=True)
class Flight:
    """A call under way."""

    outcome: asyncio.Future[Landed]
    fields: frozenset[str]
    began: int


class Shelf:
    """`ident` says whose and with which arguments; `parts` are told what goes into the operation's answer."""

    __slots__ = ("_parts", "_slot", "_store", "ident", "terms", "validators")

    def __init__(self, store: Store, ident: Hashable, slot: Slot, parts: Parts) -> None:
        self._store, self.ident, self._slot, self._parts = store, ident, slot, parts
        self.terms, self.validators = store.terms, store.validators

    def use(self, keys: Iterable[Any]) -> None:
        """These keys go into the answer, wherever their values come from."""
        self._parts.use(self._store, keys)

    def begin(self) -> int:
        """The moment a call begins: what is forgotten later voids its answer."""
        return moment()

    def find(self, keys: Collection[Any], fields: frozenset[str]) -> dict[Any, Any]:
        """The values that are remembered with these fields, by key."""
        kept = self._slot.kept
        if not kept:
            return {}
        lots = {lot for lot in set(map(kept.get, keys)) if lot is not None and self._serves(lot, fields)}
        if not lots:
            return {}
        for lot in lots:
            lot.used = True
        self._parts.last(min(lot.ends for lot in lots))
        return self._in(lots, keys)

    def _serves(self, lot: Lot, fields: frozenset[str]) -> bool:
        return self._store.timer() < lot.ends and fields <= lot.fields

    def _in(self, lots: set[Lot], keys: Collection[Any]) -> dict[Any, Any]:
        """What stands in these lots, without keys that were forgotten since."""
        kept, changes = self._slot.kept, self._store.changes
        if len(lots) == 1:  # as good as always, and it saves half
            (only,) = lots
            values = only.values
            found = {key: values[key] for key in keys if kept.get(key) is only}
        else:
            found = {key: lot.values[key] for key in keys if (lot := kept.get(key)) in lots and lot is not None}
        if all(lot.began > changes.last for lot in lots):
            return found
        return {key: value for key, value in found.items() if changes.spare(key, kept[key].began)}

    def outdated(
        self, keys: Collection[Any], fields: frozenset[str], *, on_error: bool
    ) -> dict[Any, tuple[Any, float]]:
        """Values that have ended, but may still be told: while new ones are fetched, or where that failed.

        Each with its age in seconds.
        """
        slot, now, spare = self._slot, self._store.timer(), self._store.changes.spare
        kept, aside = slot.kept, slot.aside
        found: dict[Any, tuple[Any, float]] = {}
        for key in keys:
            lot = slot.knowing(key, fields) if aside else kept.get(key)
            if lot is not None and fields <= lot.fields and spare(key, lot.began):
                life = lot.life
                if now < (life.on_error if on_error else life.stale):
                    lot.used = True
                    found[key] = lot.values[key], now - life.made
        if found:
            self._parts.spoil()
        return found

    def keep(
        self,
        answers: Mapping[Any, Any],
        fields: frozenset[str],
        began: int,
        freshness: Freshness | None = None,
        *,
        negative: bool = False,
    ) -> float:
        """Remember, unless a key was forgotten since the call began or what is there knows more fields.

        Gives the time until these answers are good, remembered or not.
        """
        store, said = self._store, freshness or _SILENT
        life = store.life(said, negative=negative)
        if not self.may_keep(said):
            return -inf
        values = self._wanted(answers, fields, began)
        rows = rows_in(values)
        if rows > self.terms.cache_size:
            values = fitting(values, self.terms.cache_size)
            rows = rows_in(values)
        if values:
            self._slot.lots += 1
            lot = Lot(self._slot, values, fields, began, life, rows, said.received + AROUND * rows)
            store.admit(lot, negative=negative)
        return life.ends

    def may_keep(self, said: Freshness) -> bool:
        """Whether answers may be told to the others who are served from here."""
        return said.storable and not (said.private and self.terms.share != "viewer")

    def _wanted(self, answers: Mapping[Any, Any], fields: frozenset[str], began: int) -> Mapping[Any, Any]:
        changes = self._store.changes
        if began < changes.last:
            answers = {key: value for key, value in answers.items() if changes.spare(key, began)}
        if self._slot.wider(fields):
            answers = {key: value for key, value in answers.items() if not self._knows_more(key, fields)}
        return answers

    def _knows_more(self, key: Any, fields: frozenset[str]) -> bool:
        lot = self._slot.kept.get(key)
        return (
            lot is not None
            and fields < lot.fields
            and self._store.timer() < lot.ends
            and self._store.changes.spare(key, lot.began)
        )

    @property
    def lots(self) -> int:
        """How many have been kept so far: after another one there is more to find."""
        return self._slot.lots

    def flying(self, keys: Collection[Any], fields: frozenset[str]) -> dict[Any, Flight]:
        """The calls under way whose answers will do, by key. One that has ended is none, though it lands later."""
        flights = self._slot.flights
        if not flights or flights.keys().isdisjoint(keys):
            return {}
        spare = self._store.changes.spare
        found = ((key, flights[key]) for key in keys if key in flights)
        return {
            key: flight
            for key, flight in found
            if fields <= flight.fields and spare(key, flight.began) and not flight.outcome.done()
        }

    def depart(self, keys: Collection[Any], flight: Flight) -> None:
        """Let others wait for this call until its outcome is there."""
        flights = self._slot.flights
        flights.update(dict.fromkeys(keys, flight))

        def land(_: object) -> None:
            for key in keys:
                if flights.get(key) is flight:
                    del flights[key]

        flight.outcome.add_done_callback(land)
