"""The cache of one operation against a key-by-key model, on a fake clock."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from graphfold.cache.cache_view import ENTRY_OVERHEAD, CacheView
from graphfold.cache.freshness import Freshness
from graphfold.cache.invalidations import ALL_KEYS
from graphfold.cache.operation_cache import OperationCache
from graphfold.cache.policy import CachePolicy

WIDTHS = [frozenset[str](), frozenset("a"), frozenset("b"), frozenset("ab")]
FIELDS = st.sampled_from(WIDTHS)
NAMES = ["x", "y", "z"]
KEYS = st.lists(st.sampled_from(NAMES), unique=True, min_size=1)
WHO = st.sampled_from(["ann", "bob"])
SECONDS = st.integers(0, 25).map(float)
SAID = st.sampled_from(
    ["", "max-age=4", "max-age=9, must-revalidate", "no-cache", "no-store", "private", "age 3", "max-age=5 age 3"]
)


def freshness(said: str) -> Freshness:
    control = said.removesuffix("age 3").strip()
    headers = {"cache-control": control} if control else {}
    found = Freshness()
    found.add_reply(headers | ({"age": "3"} if said.endswith("age 3") else {}), 100)
    return found


class Known(NamedTuple):
    """One answer for one viewer and key."""

    value: int
    fields: frozenset[str]
    began: int
    made: float
    ends: float
    stale: float
    on_error: float

    @property
    def gone(self) -> float:
        return max(self.ends, self.stale, self.on_error)


@dataclass
class Model:
    """What is remembered by viewer and key, and the steps at which keys were forgotten last.

    `aside` is what has ended, knew more, and may still stand in.
    """

    policy: CachePolicy
    now: float = 0.0
    chance: float = 0.0
    steps: int = 0
    known: dict[tuple[str, str], Known] = field(default_factory=dict)
    aside: dict[tuple[str, str], Known] = field(default_factory=dict)
    forgotten: dict[str, int] = field(default_factory=dict)

    def step(self) -> int:
        self.steps += 1
        return self.steps

    def forget(self, keys: list[str]) -> None:
        self.forgotten |= dict.fromkeys(keys, self.step())

    def valid(self, who: str, key: str, fields: frozenset[str]) -> Known | None:
        for kept in (self.known, self.aside):
            known = kept.get((who, key))
            if known is not None and fields <= known.fields:
                return known if known.began >= self.forgotten.get(key, 0) else None
        return None

    def life(self, said: str, *, negative: bool) -> tuple[float, float, float]:
        policy = self.policy
        ttl = (policy.effective_negative_ttl if negative else policy.ttl) * (1 - 0.1 * self.chance)
        lifetime = {"max-age=4": 4, "max-age=9, must-revalidate": 9, "no-cache": 0, "max-age=5 age 3": 2}.get(said, ttl)
        ends = self.now + min(ttl, lifetime)
        if negative or said in ("max-age=9, must-revalidate", "no-cache"):
            return ends, ends, ends
        return ends, ends + policy.stale, ends + policy.stale_if_error

    def put(self, who: str, key: str, new: Known, *, negative: bool) -> None:
        old = self.valid(who, key, new.fields)
        wider = old is not None and old.fields > new.fields and self.now < old.ends
        if wider or new.began <= self.forgotten.get(key, 0) or new.gone <= self.now:
            return
        older = [kept.pop((who, key), None) for kept in (self.aside, self.known)]
        stands = [known for known in older if known is not None and self.stands(key, known, new)]
        if stands and not negative:
            self.aside[who, key] = stands[0]
        self.known[who, key] = new

    def stands(self, key: str, known: Known, new: Known) -> bool:
        return known.fields > new.fields and self.now < known.gone and known.began >= self.forgotten.get(key, 0)


class Remembering(RuleBasedStateMachine):
    """Nothing is told that the model does not know, and everything that it knows is told."""

    @initialize(
        stale=st.sampled_from([0.0, 3.0]), on_error=st.sampled_from([0.0, 20.0]), negative=st.sampled_from([None, 2.0])
    )
    def start(self, stale: float, on_error: float, negative: float | None) -> None:
        policy = CachePolicy(ttl=10.0, share="public", stale=stale, stale_if_error=on_error, negative_ttl=negative)
        self.model = Model(policy)
        self.store = OperationCache(policy, lambda: self.model.now, lambda: self.model.chance)
        self.views = {who: CacheView(self.store, who) for who in ("ann", "bob")}
        self.begun: list[tuple[str, list[str], frozenset[str], int, int]] = []
        self.value = 0

    @rule(who=WHO, keys=KEYS, fields=FIELDS)
    def begin(self, who: str, keys: list[str], fields: frozenset[str]) -> None:
        self.begun.append((who, keys, fields, self.views[who].begin(), self.model.step()))

    @rule(said=SAID, negative=st.booleans(), last=st.booleans())
    def land(self, said: str, negative: bool, last: bool) -> None:
        if not self.begun:
            return
        who, keys, fields, next_tick, step = self.begun.pop(-1 if last else 0)
        self.value += 1
        told = freshness(said)
        self.views[who].store(dict.fromkeys(keys, self.value), fields, next_tick, told, negative=negative)
        life = self.model.life(said, negative=negative)
        for key in keys if said not in ("no-store", "private") else ():
            known = Known(self.value, fields, step, self.model.now - told.age, *life)
            self.model.put(who, key, known, negative=negative)

    @rule(who=WHO, keys=KEYS, fields=FIELDS, others=FIELDS, seconds=SECONDS)
    def load_twice(
        self, who: str, keys: list[str], fields: frozenset[str], others: frozenset[str], seconds: float
    ) -> None:
        """What chance alone brings about too seldom: the second time with fewer fields, mostly when the first ended."""
        for asked in (fields, fields & others):
            self.begin(who, keys, asked)
            self.land("", negative=False, last=True)
            self.wait(seconds)

    @rule(keys=KEYS)
    def forget(self, keys: list[str]) -> None:
        for key in keys:
            self.store.forget(key)
        self.model.forget(keys)

    @rule()
    def forget_all(self) -> None:
        self.store.forget(ALL_KEYS)
        self.model.forget(NAMES)

    @rule(seconds=SECONDS)
    def wait(self, seconds: float) -> None:
        self.model.now += seconds

    @rule(chance=st.sampled_from([0.0, 0.5, 1.0]))
    def draw(self, chance: float) -> None:
        self.model.chance = chance

    @invariant()
    def same(self) -> None:
        for who, view in self.views.items():
            for fields in WIDTHS:
                self.compare(who, view, fields)

    def compare(self, who: str, view: CacheView, fields: frozenset[str]) -> None:
        now = self.model.now
        known = {key: found for key in NAMES if (found := self.model.valid(who, key, fields)) is not None}
        assert view.get_many(NAMES, fields) == {key: k.value for key, k in known.items() if now < k.ends}
        for on_error in (False, True):
            told = view.get_stale(NAMES, fields, on_error=on_error)
            ends = {key: k.on_error if on_error else k.stale for key, k in known.items()}
            assert told == {key: (k.value, now - k.made) for key, k in known.items() if now < ends[key]}


Remembering.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
test_operation_cache_matches_the_model = Remembering.TestCase


class Bounded(RuleBasedStateMachine):
    """However much is kept: there is never more than there is room for, and nothing forgotten comes back."""

    @initialize(rows=st.integers(1, 12), answers=st.integers(1, 12))
    def start(self, rows: int, answers: int) -> None:
        self.now, self.value = 0.0, 0
        self.policy = CachePolicy(
            ttl=10.0, cache_size=rows, cache_bytes=answers * (ENTRY_OVERHEAD + 100), stale_if_error=20.0
        )
        self.store = OperationCache(self.policy, lambda: self.now, lambda: 0.0)
        self.view = CacheView(self.store, "all")
        self.told: dict[int, list[Any]] = {}

    @rule(
        keys=st.lists(st.integers(0, 30), unique=True, min_size=1, max_size=15), pages=st.integers(1, 4), fields=FIELDS
    )
    def keep(self, keys: list[int], pages: int, fields: frozenset[str]) -> None:
        self.value += 1
        value = [self.value] * pages
        said = Freshness()
        said.add_reply({}, 100 * pages * len(keys))
        self.view.store(dict.fromkeys(keys, value), fields, self.view.begin(), said)
        for key in keys:
            self.told.setdefault(key, []).append(value)

    @rule(keys=st.lists(st.integers(0, 30), unique=True))
    def use(self, keys: list[int]) -> None:
        self.view.get_many(keys, frozenset())

    @rule(key=st.integers(0, 30))
    def forget(self, key: int) -> None:
        self.store.forget(key)
        self.told.pop(key, None)

    @rule(seconds=SECONDS)
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @invariant()
    def bounded(self) -> None:
        found = {(key, *value) for fields in WIDTHS for key, value in self.found(fields)}
        rows = sum(len(value) for _, *value in found)
        assert rows <= self.policy.cache_size
        assert rows * (ENTRY_OVERHEAD + 100) <= self.policy.cache_bytes or rows <= 1
        assert all(value in self.told[key] for key, *value in found)

    def found(self, fields: frozenset[str]) -> Iterator[tuple[int, list[int]]]:
        """In time or late."""
        yield from self.view.get_many(range(31), fields).items()
        late = self.view.get_stale(range(31), fields, on_error=True)
        yield from ((key, value) for key, (value, _) in late.items())


Bounded.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
test_operation_cache_stays_within_its_limits = Bounded.TestCase
