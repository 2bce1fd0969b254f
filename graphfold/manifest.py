"""Describe an adapter for its operators: its owner, how critical its backend is, and the conformance it claims.

A public room. A level is a claim: `graphfold.testing.conformance` verifies the rules that are claimed, and no others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, get_args

from graphfold.mistakes import reject_unknown_options

__all__ = ["LEVELS", "RULES", "Criticality", "Level", "Manifest", "Rule", "Status"]

Level = Literal["bronze", "silver", "gold"]
Criticality = Literal["critical", "optional"]
Status = Literal["done", "exempt", "todo"]

LEVELS: tuple[Level, ...] = get_args(Level)
"""Lowest first; each level includes the rules of those before it."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One property that an adapter can claim. `fix` says what to do where it does not hold."""

    name: str
    level: Level
    meaning: str
    fix: str


RULES: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        Rule("owner", "bronze", "Owner and contact are known.", "name both in the manifest."),
        Rule(
            "answers",
            "bronze",
            "Every operation can read the backend's replies.",
            "compare the rows with the sample; a wrong path or type is named in the error.",
        ),
        Rule(
            "timeouts",
            "bronze",
            "A call to a backend that hangs, or replies too slowly or without end, times out.",
            "leave `timeout` out, or set it to at most 30 seconds; let BACKEND_TIMEOUT through.",
        ),
        Rule(
            "failures",
            "bronze",
            "Each class of failure has its error code.",
            "map only refusals in `problem`, `error` or `fault`, whatever the body is; call super() for all others.",
        ),
        Rule(
            "writes",
            "bronze",
            "A write that is not idempotent reaches the backend at most once.",
            "do not send it again, or declare it: @write(idempotent=True).",
        ),
        Rule(
            "secrets",
            "bronze",
            "No credential and no raw text of the backend is in answers, logs or traces.",
            "write messages of your own; put the backend's text into `internal`.",
        ),
        Rule(
            "keyed",
            "silver",
            "Rows are matched to their keys in whatever order the reply has them.",
            "make the mapping with by(rows, lambda row: row.key), never by position.",
        ),
        Rule(
            "split",
            "silver",
            "No call has more keys than the backend accepts, or a URL of more than 8,000 bytes.",
            "declare `max_size`, and request only the keys that were passed in.",
        ),
        Rule(
            "missing",
            "silver",
            "A key that the backend does not have is null; the other keys have their values.",
            "leave it out of the mapping; where the backend reports it as an error, raise NotFound.",
        ),
        Rule(
            "foreign",
            "silver",
            "A row for a key that was not requested is noticed.",
            "return all rows of the reply: the engine finds those that were not requested.",
        ),
        Rule(
            "duplicate",
            "silver",
            "Two rows for one key are noticed.",
            "make the mapping with by(...), which counts.",
        ),
        Rule(
            "partial",
            "silver",
            "A failure of one key does not fail the other keys.",
            "use each(...) for calls of one key each; catch no error around several keys.",
        ),
        Rule(
            "deadline",
            "silver",
            "A call ends with its operation's deadline.",
            "do not shield calls, wait on your own, block the event loop (time.sleep) or catch CancelledError.",
        ),
        Rule(
            "cancellation",
            "silver",
            "A cancelled operation leaves nothing running.",
            "start no tasks of your own; use each(...) or asyncio.TaskGroup.",
        ),
        Rule(
            "nulls",
            "gold",
            "Null, empty and absent values are kept apart.",
            "declare what may be null or left out, and convert no empty text into None.",
        ),
        Rule(
            "exact",
            "gold",
            "Decimals, large numbers and leading zeros stay as they were sent.",
            "use Decimal for amounts and str for numbers that are identifiers.",
        ),
        Rule(
            "described",
            "gold",
            "Every operation has a description.",
            "write a docstring of one sentence.",
        ),
        Rule(
            "probe",
            "gold",
            "The probe fails while the backend is down.",
            "do not override `probe` to hide failures; set probe_path to something cheap that needs the credentials.",
        ),
        Rule(
            "lifecycle",
            "gold",
            "Version and runbook are known, and the backend is not past its sunset.",
            "name them in the manifest; move to the successor in time.",
        ),
    )
}


@reject_unknown_options
@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What an adapter declares about itself and its backend.

    `owner` is a team, `contact` how to reach it, `runbook` where its instructions for incidents are; `version` is that
    of the backend's interface, `sunset` the day on which it ends.

    `criticality`: without the settings of a critical backend the gateway is not ready (`/readyz`), `graphfold backends`
    fails while it is down, and `/healthz/backends` says that it is critical, for alarms. None of this holds for an
    optional one. Either way a backend that fails takes down only its own fields.

    `level` claims all rules up to it, `done` further ones; `exempt` names rules that do not apply, each with the
    reason; `todo` names those that are still missing for the next level, each with what is in the way.

    The backend's limits are declared elsewhere: in an adapter's `resilience` and `timeout`, in a batch's `max_size`.
    `graphfold backends NAME` shows them together with the manifest.
    """

    owner: str = ""
    contact: str = ""
    criticality: Criticality = "critical"
    version: str = ""
    sunset: date | None = None
    runbook: str = ""
    level: Level | None = None
    done: tuple[str, ...] = ()
    exempt: Mapping[str, str] = field(default_factory=dict)
    todo: Mapping[str, str] = field(default_factory=dict)

    @property
    def critical(self) -> bool:
        return self.criticality == "critical"

    def status(self, rule: str) -> Status:
        """Return whether the rule is claimed, exempt, or still to do."""
        if rule in self.exempt:
            return "exempt"
        return "done" if rule in self.done or RULES[rule].level in _up_to(self.level) else "todo"

    def reason(self, rule: str) -> str:
        """Return why the rule does not apply, or what is in the way; empty where neither is declared."""
        return {**self.exempt, **self.todo}.get(rule, "")

    def ends_in(self, today: date) -> int | None:
        """Return the days until the sunset, negative after it; None without one."""
        return (self.sunset - today).days if self.sunset is not None else None

    def problems(self) -> Iterator[tuple[str, str, str]]:
        """Yield what, why and fix of each mistake in the manifest."""
        if not self.owner or not self.contact:
            what = "owner" if not self.owner else "contact"
            yield f"there is no {what}", "operators have to reach its team when it fails.", f'set {what}="..."'
        if self.criticality not in get_args(Criticality):
            why = "it decides whether the graph is ready without its settings"
            yield self._not_allowed("criticality", get_args(Criticality), why)
        if self.level is not None and self.level not in LEVELS:
            yield self._not_allowed("level", LEVELS, "it says which rules are claimed")
        if self.sunset is not None and not isinstance(self.sunset, date):
            yield f"sunset={self.sunset!r} is not a date", "days are counted to it.", "write date(2027, 6, 30)"
        yield from self._wrong_rules()

    def _not_allowed(self, name: str, allowed: tuple[str, ...], why: str) -> tuple[str, str, str]:
        return f"{name}={getattr(self, name)!r} is not one of {allowed}", f"{why}.", f"use one of {', '.join(allowed)}"

    def _wrong_rules(self) -> Iterator[tuple[str, str, str]]:
        named = [*self.done, *self.exempt, *self.todo]
        for rule in named:
            if rule not in RULES:
                yield f"there is no rule {rule!r}", "claims are verified by name.", f"use one of {', '.join(RULES)}"
            elif named.count(rule) > 1:
                yield f"{rule!r} is listed twice", "a rule has one status.", "list it once: in done, exempt or todo"
            elif rule not in self.done and not self.reason(rule):
                yield f"{rule!r} has no reason", "the next reader has to know why.", "write the reason as its value"
            elif rule in self.todo and self.status(rule) == "done":
                yield (
                    f"level={self.level!r} claims {rule!r}, which is still to do",
                    "a level has all rules up to it.",
                    "claim the level below, or name what is done in `done`",
                )


def _up_to(level: Level | None) -> tuple[Level, ...]:
    return LEVELS[: LEVELS.index(level) + 1] if level in LEVELS else ()
