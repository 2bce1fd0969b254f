"""The explanation of an operation as data: its backend calls as a tree, each below the call that it waits for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any

__all__ = ["CacheUse", "CallCount", "CallWarning", "ExplainedBackend", "ExplainedStep", "Explanation", "KeySource"]


@dataclass(frozen=True, slots=True)
class CallCount:
    """A number of calls, from `least` to `most`.

    `least` holds for a query that finds data, with empty caches. `most` is None if it is unknown.
    """

    least: int
    most: int | None

    def __add__(self, other: CallCount) -> CallCount:
        unknown = self.most is None or other.most is None
        return CallCount(self.least + other.least, None if unknown else (self.most or 0) + (other.most or 0))

    def __bool__(self) -> bool:
        return self.most != 0

    def json(self) -> dict[str, Any]:
        return {"least": self.least, "most": self.most}


@dataclass(frozen=True, slots=True)
class KeySource:
    """Where the keys come from (`Product.sku`), how many there are at most, and how many one call takes."""

    source: str
    most: int
    batch: int

    def json(self) -> dict[str, Any]:
        return {"from": self.source, "most": self.most, "batch": self.batch}


@dataclass(frozen=True, slots=True)
class CacheUse:
    """How long entries are cached (seconds), how far they are shared, and how many the cache holds now."""

    ttl: float
    share: str
    held: int

    def json(self) -> dict[str, Any]:
        return {"ttl": self.ttl, "share": self.share, "held": self.held}


@dataclass(frozen=True, slots=True)
class CallWarning:
    """A step that costs a call for each item; `where` is the `file:line` of the operation."""

    path: str
    message: str
    fix: str
    where: str

    def json(self) -> dict[str, Any]:
        return {"path": self.path, "message": self.message, "fix": self.fix, "where": self.where}


@dataclass(slots=True)
class ExplainedStep:
    """One backend call of a field. Its `steps` wait for its reply; steps beside it run at the same time.

    `path` is the response path, `field` the field in the schema. `operation` is None if the source does not show it.
    `because` are the selected fields that need the call, `fetches` those of them that make it fetch OnDemand fields.
    `call_per_key`: its batch calls the backend once for each key. `only_key`: there is no call, because only the key is
    selected. `known_from` is the number of an earlier step that may have loaded the same. `only_on` is the type whose
    objects have the field, where there are several. `fallback` is the answer while the backend fails: a value, or the
    name of a function.
    """

    number: int
    path: str
    field: str
    backend: str
    protocol: str
    operation: str | None
    kind: str
    calls: CallCount
    key: KeySource | None = None
    cache: CacheUse | None = None
    call_per_key: bool = False
    because: list[str] = dataclass_field(default_factory=list)
    fetches: list[str] = dataclass_field(default_factory=list)
    only_key: bool = False
    known_from: int | None = None
    only_on: str | None = None
    fallback: str | None = None
    warning: CallWarning | None = None
    steps: list[ExplainedStep] = dataclass_field(default_factory=list)

    def walk(self) -> Iterator[ExplainedStep]:
        """Return this step and all below it, in order."""
        yield self
        for step in self.steps:
            yield from step.walk()

    @property
    def name(self) -> str:
        """The operation as `crm.customers`."""
        return f"{self.backend}.{self.operation or '?'}"

    @property
    def rounds(self) -> int:
        """The length of the longest chain of calls from this step on, each waiting for the one before."""
        return bool(self.calls) + max((step.rounds for step in self.steps), default=0)

    def json(self, waits_for: int | None = None, beside: Iterable[ExplainedStep] = ()) -> dict[str, Any]:
        """Return the step as JSON. `waits_for` is the number of the step above, `beside` its neighbours."""
        return {
            "step": self.number,
            "path": self.path,
            "field": self.field,
            "backend": self.backend,
            "protocol": self.protocol,
            "operation": self.operation,
            "kind": self.kind,
            "calls": self.calls.json(),
            "key": self.key.json() if self.key else None,
            "callPerKey": self.call_per_key,
            "cache": self.cache.json() if self.cache else None,
            "because": self.because,
            "fetches": self.fetches,
            "onlyKey": self.only_key,
            "knownFrom": self.known_from,
            "onlyOn": self.only_on,
            "fallback": self.fallback,
            "waitsFor": waits_for,
            "parallel": [step.number for step in beside if step is not self],
            "steps": [step.json(self.number, self.steps) for step in self.steps],
        }


@dataclass(frozen=True, slots=True)
class ExplainedBackend:
    """The calls of one backend. `token`: it may need one more, to fetch an access token."""

    name: str
    protocol: str
    calls: CallCount
    token: bool

    def json(self) -> dict[str, Any]:
        return {"name": self.name, "protocol": self.protocol, "calls": self.calls.json(), "token": self.token}


@dataclass(slots=True)
class Explanation:
    """How one operation would run. `reason` says why graphql-core runs it; None if a plan does.

    `counted` are the paths of the lists without a page size: each is taken to have `per_list` items.
    """

    kind: str
    name: str | None
    reason: str | None
    steps: list[ExplainedStep]
    backends: list[ExplainedBackend]
    counted: list[str]
    per_list: int

    def walk(self) -> Iterator[ExplainedStep]:
        for step in self.steps:
            yield from step.walk()

    @property
    def calls(self) -> CallCount:
        return sum((step.calls for step in self.walk()), CallCount(0, 0))

    @property
    def serial(self) -> bool:
        """Whether the top steps run one after another, as the fields of a mutation do."""
        return self.kind == "mutation"

    @property
    def rounds(self) -> int:
        """The longest chain of calls that wait for one another. The time to answer is mostly theirs."""
        rounds = [step.rounds for step in self.steps]
        return sum(rounds) if self.serial else max(rounds, default=0)

    @property
    def warnings(self) -> list[CallWarning]:
        return [step.warning for step in self.walk() if step.warning]

    def json(self) -> dict[str, Any]:
        """Return the explanation as JSON, as `extensions.plan` and `graphfold explain --json` show it."""
        return {
            "operation": {"kind": self.kind, "name": self.name},
            "execution": "graphql-core" if self.reason else "breadth-first",
            "reason": self.reason,
            "calls": self.calls.json(),
            "rounds": self.rounds,
            "backends": [backend.json() for backend in self.backends],
            "steps": [step.json(None, [] if self.serial else self.steps) for step in self.steps],
            "warnings": [warning.json() for warning in self.warnings],
            "countedAs": {"items": self.per_list, "lists": self.counted},
        }
