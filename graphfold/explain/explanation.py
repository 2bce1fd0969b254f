"""What an operation would ask of the backends, as data: steps below the steps they wait for. Nothing here runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from dataclasses import field as default
from typing import Any

__all__ = ["CacheUse", "CallCount", "CallWarning", "ExplainedBackend", "ExplainedStep", "Explanation", "KeySource"]


@dataclass(frozen=True, slots=True)
class CallCount:
    """How many calls: `least` where there is something to ask for and nothing is known yet, `most` None if unknown."""

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
    """Where the keys come from (`Product.sku`), how many there are at most, how many travel in one call."""

    source: str
    most: int
    batch: int

    def json(self) -> dict[str, Any]:
        return {"from": self.source, "most": self.most, "batch": self.batch}


@dataclass(frozen=True, slots=True)
class CacheUse:
    """How long answers are kept (seconds), for whom, and how many are there now, whoever they are for."""

    ttl: float
    share: str
    held: int

    def json(self) -> dict[str, Any]:
        return {"ttl": self.ttl, "share": self.share, "held": self.held}


@dataclass(frozen=True, slots=True)
class CallWarning:
    """A place that costs a call for each item."""

    path: str
    message: str
    fix: str
    where: str

    def json(self) -> dict[str, Any]:
        return {"path": self.path, "message": self.message, "fix": self.fix, "where": self.where}


@dataclass(slots=True)
class ExplainedStep:
    """One field that asks a backend; `steps` wait for its answer, steps beside it run at the same time.

    `path` are the response keys from the root, `field` is the field in the schema. `operation` is None where it cannot
    be told. `because` are the selected fields that need the call, `fetches` those that are asked for by name.
    `only_key` says that there is no call, since nothing but the key is selected; `known_from` is the step that may have
    loaded the same already; `only_on` is the type whose objects alone have the field,
    `fallback` what it answers where the backend fails: a value, or the name of a function.
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
    each: bool = False
    because: list[str] = default(default_factory=list)
    fetches: list[str] = default(default_factory=list)
    only_key: bool = False
    known_from: int | None = None
    only_on: str | None = None
    fallback: str | None = None
    warning: CallWarning | None = None
    steps: list[ExplainedStep] = default(default_factory=list)

    def walk(self) -> Iterator[ExplainedStep]:
        """This step and all below it, in order."""
        yield self
        for step in self.steps:
            yield from step.walk()

    @property
    def name(self) -> str:
        """`crm.customers`."""
        return f"{self.backend}.{self.operation or '?'}"

    @property
    def rounds(self) -> int:
        """The longest chain of calls from here down, each waiting for the one before."""
        return bool(self.calls) + max((step.rounds for step in self.steps), default=0)

    def json(self, waits_for: int | None = None, beside: Iterable[ExplainedStep] = ()) -> dict[str, Any]:
        """As JSON: `waitsFor` and `parallel` are numbers of other steps."""
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
            "callPerKey": self.each,
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
    """A backend's share. `token`: it may take a call more, to sign in."""

    name: str
    protocol: str
    calls: CallCount
    token: bool

    def json(self) -> dict[str, Any]:
        return {"name": self.name, "protocol": self.protocol, "calls": self.calls.json(), "token": self.token}


@dataclass(slots=True)
class Explanation:
    """The plan of one operation. `reason` says why graphql-core runs it; None where it runs as a plan.

    `counted` are the lists without a page size, by path: each was taken to have `per_list` items.
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
        """Whether the top steps run one after another."""
        return self.kind == "mutation"

    @property
    def rounds(self) -> int:
        """How many calls wait for one another at the most: what the time to answer is made of."""
        each = [step.rounds for step in self.steps]
        return sum(each) if self.serial else max(each, default=0)

    @property
    def warnings(self) -> list[CallWarning]:
        return [step.warning for step in self.walk() if step.warning]

    def json(self) -> dict[str, Any]:
        """As JSON, e.g. for `extensions.plan`."""
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
