"""What a backend's team says of its adapter: who it is, how much hangs on it, and how far the adapter has come.

A public room. A level is a claim: `graphfold.testing.conformance` verifies what is claimed, and nothing else.
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
"""Lowest first; each asks for all that those before it ask for."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing an adapter can claim. `fix` is what to do where it does not hold."""

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
            "Every operation reads what the backend sends.",
            "compare the rows with the sample; a wrong path or type is named in the error.",
        ),
        Rule(
            "timeouts",
            "bronze",
            "A backend that hangs, drips or never ends is given up in time.",
            "leave `timeout` out, or set it to at most 30 seconds; let BACKEND_TIMEOUT through.",
        ),
        Rule(
            "failures",
            "bronze",
            "Each class of failure has its code.",
            "map only refusals in `problem`, `error` or `fault`, whatever the body is; call super() for the rest.",
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
            "write messages of your own; what the backend said belongs into `internal`.",
        ),
        Rule(
            "keyed",
            "silver",
            "An answer belongs to its key, in whatever order it came.",
            "make the mapping with by(rows, lambda row: row.key), never by position.",
        ),
        Rule(
            "split",
            "silver",
            "No call asks for more keys than the backend takes, in an address of at most 8,000 bytes.",
            "declare `max_size`, and ask for the keys that were handed in only.",
        ),
        Rule(
            "missing",
            "silver",
            "A key the backend does not have is null, and the others are there.",
            "leave it out of the mapping; where the backend says so by an error, raise NotFound.",
        ),
        Rule(
            "foreign",
            "silver",
            "A key nobody asked for is noticed.",
            "return all rows that came: the engine finds those that are not wanted.",
        ),
        Rule(
            "duplicate",
            "silver",
            "Two answers for one key are noticed.",
            "make the mapping with by(...), which counts.",
        ),
        Rule(
            "partial",
            "silver",
            "What fails fails alone.",
            "use each(...) for calls of one key each; catch nothing around several.",
        ),
        Rule(
            "deadline",
            "silver",
            "When the operation's time is over, so is the call.",
            "do not shield calls, wait longer by yourself or hold up the loop (time.sleep); catch no CancelledError.",
        ),
        Rule(
            "cancellation",
            "silver",
            "An operation that is cancelled leaves nothing behind.",
            "start no tasks of your own; use each(...) or asyncio.TaskGroup.",
        ),
        Rule(
            "nulls",
            "gold",
            "Null, empty and absent are three things.",
            "declare what may be null or left out, and convert no empty text into None.",
        ),
        Rule(
            "exact",
            "gold",
            "Decimals, large numbers and leading zeros stay as they were sent.",
            "use Decimal for amounts and str for numbers that nobody calculates with.",
        ),
        Rule(
            "described",
            "gold",
            "Every operation says what it is for.",
            "write a docstring of one sentence.",
        ),
        Rule(
            "probe",
            "gold",
            "A backend that is not well is told by its probe.",
            "do not override `probe` to be kind; set probe_path to something cheap that needs the credentials.",
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
    """`owner` is a team, `contact` how to reach it, `runbook` where to read at night; `version` that of the backend's
    interface, `sunset` the day it ends.

    `criticality`: the gateway is not ready (`/readyz`) without the settings of a critical backend, `graphfold backends`
    fails while it is down, and `/healthz/backends` says that it is critical, for whoever sets an alarm. None of that
    holds of an optional one. Either way a backend that fails takes only its own fields down, and no gateway with them.

    `level` claims all rules up to it, `done` further ones; `exempt` names rules that do not apply, and why; `todo`
    those that are still missing for the next level, and what is in the way.

    The backend's limits are declared where they are kept, and nowhere else: an adapter's `resilience` and `timeout`, a
    batch's `max_size`. `graphfold backends NAME` tells them with all of this.
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
        """What is claimed of a rule."""
        if rule in self.exempt:
            return "exempt"
        return "done" if rule in self.done or RULES[rule].level in _up_to(self.level) else "todo"

    def reason(self, rule: str) -> str:
        """Why it does not apply, or what is in the way; empty where nothing is said."""
        return {**self.exempt, **self.todo}.get(rule, "")

    def ends_in(self, today: date) -> int | None:
        """Days until the sunset, negative after it; None where none is known."""
        return (self.sunset - today).days if self.sunset is not None else None

    def problems(self) -> Iterator[tuple[str, str, str]]:
        """What, why and fix of each thing that cannot be so."""
        if not self.owner or not self.contact:
            what = "owner" if not self.owner else "contact"
            yield f"there is no {what}", "somebody has to be asked when it fails.", f'say {what}="..."'
        if self.criticality not in get_args(Criticality):
            yield self._not_one(
                "criticality", get_args(Criticality), "it decides whether the graph is ready without its settings"
            )
        if self.level is not None and self.level not in LEVELS:
            yield self._not_one("level", LEVELS, "it says which rules are claimed")
        if self.sunset is not None and not isinstance(self.sunset, date):
            yield f"sunset={self.sunset!r} is no date", "days are counted to it.", "say date(2027, 6, 30)"
        yield from self._wrong_rules()

    def _not_one(self, name: str, known: tuple[str, ...], why: str) -> tuple[str, str, str]:
        return f"{name}={getattr(self, name)!r} is not one of {known}", f"{why}.", f"say one of {', '.join(known)}"

    def _wrong_rules(self) -> Iterator[tuple[str, str, str]]:
        named = [*self.done, *self.exempt, *self.todo]
        for rule in named:
            if rule not in RULES:
                yield f"there is no rule {rule!r}", "claims are verified by name.", f"use one of {', '.join(RULES)}"
            elif named.count(rule) > 1:
                yield f"{rule!r} is told twice", "a rule has one status.", "say it once: in done, exempt or todo"
            elif rule not in self.done and not self.reason(rule):
                yield f"{rule!r} has no reason", "the next reader has to know why.", "write it as its value"
            elif rule in self.todo and self.status(rule) == "done":
                yield (
                    f"level={self.level!r} claims {rule!r}, which is still to do",
                    "a level has all rules up to it.",
                    "claim the level below, or name what is done in `done`",
                )


def _up_to(level: Level | None) -> tuple[Level, ...]:
    return LEVELS[: LEVELS.index(level) + 1] if level in LEVELS else ()
