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
VIEWERS = st.sampled_from(["ann", "bob"])
SECONDS = st.integers(0, 25).map(float)
HEADERS = st.sampled_from(
    ["", "max-age=4", "max-age=9, must-revalidate", "no-cache", "no-store", "private", "age 3", "max-age=5 age 3"]
)


def freshness(text: str) -> Freshness:
    control = text.removesuffix("age 3").strip()
    headers = {"cache-control": control} if control else {}
    result = Freshness()
    result.add_reply(headers | ({"age": "3"} if text.endswith("age 3") else {}), 100)
    return result


class Entry(NamedTuple):
    """The result for one viewer and key, with the times until which it may be used."""

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
    """The entries by viewer and key, and for each key the step of its last invalidation.

    `wider_stale` has replaced entries with more fields, which may still serve as a stale fallback.
    """

    policy: CachePolicy
    now: float = 0.0
    chance: float = 0.0
    steps: int = 0
    known: dict[tuple[str, str], Entry] = field(default_factory=dict)
    wider_stale: dict[tuple[str, str], Entry] = field(default_factory=dict)
    forgotten: dict[str, int] = field(default_factory=dict)

    def step(self) -> int:
        self.steps += 1
        return self.steps

    def forget(self, keys: list[str]) -> None:
        self.forgotten |= dict.fromkeys(keys, self.step())

    def valid(self, viewer: str, key: str, fields: frozenset[str]) -> Entry | None:
        for entries in (self.known, self.wider_stale):
            known = entries.get((viewer, key))
            if known is not None and fields <= known.fields:
                return known if known.began >= self.forgotten.get(key, 0) else None
        return None

    def life(self, headers: str, *, negative: bool) -> tuple[float, float, float]:
        policy = self.policy
        ttl = (policy.effective_negative_ttl if negative else policy.ttl) * (1 - 0.1 * self.chance)
        lifetime = {"max-age=4": 4, "max-age=9, must-revalidate": 9, "no-cache": 0, "max-age=5 age 3": 2}.get(
            headers, ttl
        )
        ends = self.now + min(ttl, lifetime)
        if negative or headers in ("max-age=9, must-revalidate", "no-cache"):
            return ends, ends, ends
        return ends, ends + policy.stale, ends + policy.stale_if_error

    def put(self, viewer: str, key: str, new: Entry, *, negative: bool) -> None:
        old = self.valid(viewer, key, new.fields)
        superseded = old is not None and old.fields > new.fields and self.now < old.ends
        if superseded or new.began <= self.forgotten.get(key, 0) or new.gone <= self.now:
            return
        older = [entries.pop((viewer, key), None) for entries in (self.wider_stale, self.known)]
        fallbacks = [known for known in older if known is not None and self.may_serve_stale(key, known, new)]
        if fallbacks and not negative:
            self.wider_stale[viewer, key] = fallbacks[0]
        self.known[viewer, key] = new

    def may_serve_stale(self, key: str, known: Entry, new: Entry) -> bool:
        return known.fields > new.fields and self.now < known.gone and known.began >= self.forgotten.get(key, 0)


class CacheMachine(RuleBasedStateMachine):
    """The cache returns exactly the entries of the model."""

    @initialize(
        stale=st.sampled_from([0.0, 3.0]), on_error=st.sampled_from([0.0, 20.0]), negative=st.sampled_from([None, 2.0])
    )
    def start(self, stale: float, on_error: float, negative: float | None) -> None:
        policy = CachePolicy(ttl=10.0, share="public", stale=stale, stale_if_error=on_error, negative_ttl=negative)
        self.model = Model(policy)
        self.store = OperationCache(policy, lambda: self.model.now, lambda: self.model.chance)
        self.views = {viewer: CacheView(self.store, viewer) for viewer in ("ann", "bob")}
        self.begun: list[tuple[str, list[str], frozenset[str], int, int]] = []
        self.value = 0

    @rule(viewer=VIEWERS, keys=KEYS, fields=FIELDS)
    def begin(self, viewer: str, keys: list[str], fields: frozenset[str]) -> None:
        self.begun.append((viewer, keys, fields, self.views[viewer].begin(), self.model.step()))

    @rule(headers=HEADERS, negative=st.booleans(), last=st.booleans())
    def store_reply(self, headers: str, negative: bool, last: bool) -> None:
        if not self.begun:
            return
        viewer, keys, fields, next_tick, step = self.begun.pop(-1 if last else 0)
        self.value += 1
        reply_freshness = freshness(headers)
        self.views[viewer].store(dict.fromkeys(keys, self.value), fields, next_tick, reply_freshness, negative=negative)
        life = self.model.life(headers, negative=negative)
        for key in keys if headers not in ("no-store", "private") else ():
            known = Entry(self.value, fields, step, self.model.now - reply_freshness.age, *life)
            self.model.put(viewer, key, known, negative=negative)

    @rule(viewer=VIEWERS, keys=KEYS, fields=FIELDS, others=FIELDS, seconds=SECONDS)
    def load_twice(
        self, viewer: str, keys: list[str], fields: frozenset[str], others: frozenset[str], seconds: float
    ) -> None:
        """Load twice, the second time with fewer fields, mostly after expiry. Random rules rarely do so."""
        for requested in (fields, fields & others):
            self.begin(viewer, keys, requested)
            self.store_reply("", negative=False, last=True)
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
        for viewer, view in self.views.items():
            for fields in WIDTHS:
                self.compare(viewer, view, fields)

    def compare(self, viewer: str, view: CacheView, fields: frozenset[str]) -> None:
        now = self.model.now
        known = {key: found for key in NAMES if (found := self.model.valid(viewer, key, fields)) is not None}
        assert view.get_many(NAMES, fields) == {key: k.value for key, k in known.items() if now < k.ends}
        for on_error in (False, True):
            stale = view.get_stale(NAMES, fields, on_error=on_error)
            ends = {key: k.on_error if on_error else k.stale for key, k in known.items()}
            assert stale == {key: (k.value, now - k.made) for key, k in known.items() if now < ends[key]}


CacheMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
test_operation_cache_matches_the_model = CacheMachine.TestCase


class BoundsMachine(RuleBasedStateMachine):
    """The cache never exceeds its limits, and an invalidated key never comes back."""

    @initialize(rows=st.integers(1, 12), answers=st.integers(1, 12))
    def start(self, rows: int, answers: int) -> None:
        self.now, self.value = 0.0, 0
        self.policy = CachePolicy(
            ttl=10.0, cache_size=rows, cache_bytes=answers * (ENTRY_OVERHEAD + 100), stale_if_error=20.0
        )
        self.store = OperationCache(self.policy, lambda: self.now, lambda: 0.0)
        self.view = CacheView(self.store, "all")
        self.stored: dict[int, list[Any]] = {}

    @rule(
        keys=st.lists(st.integers(0, 30), unique=True, min_size=1, max_size=15), pages=st.integers(1, 4), fields=FIELDS
    )
    def store_values(self, keys: list[int], pages: int, fields: frozenset[str]) -> None:
        self.value += 1
        value = [self.value] * pages
        reply_freshness = Freshness()
        reply_freshness.add_reply({}, 100 * pages * len(keys))
        self.view.store(dict.fromkeys(keys, value), fields, self.view.begin(), reply_freshness)
        for key in keys:
            self.stored.setdefault(key, []).append(value)

    @rule(keys=st.lists(st.integers(0, 30), unique=True))
    def use(self, keys: list[int]) -> None:
        self.view.get_many(keys, frozenset())

    @rule(key=st.integers(0, 30))
    def forget(self, key: int) -> None:
        self.store.forget(key)
        self.stored.pop(key, None)

    @rule(seconds=SECONDS)
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @invariant()
    def bounded(self) -> None:
        found = {(key, *value) for fields in WIDTHS for key, value in self.found(fields)}
        rows = sum(len(value) for _, *value in found)
        assert rows <= self.policy.cache_size
        assert rows * (ENTRY_OVERHEAD + 100) <= self.policy.cache_bytes or rows <= 1
        assert all(value in self.stored[key] for key, *value in found)

    def found(self, fields: frozenset[str]) -> Iterator[tuple[int, list[int]]]:
        """Return the fresh and the stale entries."""
        yield from self.view.get_many(range(31), fields).items()
        late = self.view.get_stale(range(31), fields, on_error=True)
        yield from ((key, value) for key, (value, _) in late.items())


BoundsMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
test_operation_cache_stays_within_its_limits = BoundsMachine.TestCase
