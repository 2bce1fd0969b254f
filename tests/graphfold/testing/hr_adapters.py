"""Source of a REST adapter that keeps every conformance rule, and for each rule of one that breaks only this rule."""

from __future__ import annotations

__all__ = ["ALSO_BROKEN", "BLOCKING", "BROKEN", "GOOD", "WITH_CALLER_CREDENTIALS", "hr", "with_problem"]

_HEAD = """
import asyncio
import json
import time
from graphfold.conversions import Conversion
from graphfold.errors import BackendRejected, BackendUnavailable, GraphError, NotFound

@strawberry.type
class Person:
    number: str
    name: str
    mail: str | None
    salary: Decimal
    level: int

@strawberry.type
class Badge:
    colour: str

class PlaceRow(Row[Any]):
    room: str | None
    rent: Decimal

class PersonRow(Row[Person], key="number"):
    places: Annotated[list[PlaceRow], Wire("office.places")]
    number: Annotated[str, Wire("no")]
    name: str
    mail: str | None
    salary: Decimal
    level: int

class BadgeRow(Row[Badge]):
    colour: str

class Hr(RestAdapter):
    manifest = Manifest(owner="hr", contact="hr@x.test", version="1", runbook="https://x.test", level="gold")
    identity = "service"
    credential = ApiKey("X-Key")
"""

_OPERATIONS = {
    "people": '''
    @batch(max_size=3, ttl=60, share="public")
    async def people(self, numbers: Keys[str]) -> dict[str, PersonRow]:
        """People."""
        rows = await self.get("/people", list[PersonRow], ids=",".join(numbers))
        return by(rows, lambda row: row.number)
''',
    "staff": '''
    @read()
    async def staff(self, team: str) -> list[PersonRow]:
        """All of a team."""
        return await self.get("/staff", list[PersonRow], team=team)
''',
    "bonuses": '''
    @batch()
    async def bonuses(self, numbers: Keys[str]) -> dict[str, Decimal]:
        """What each got at the end of the year."""
        return await self.get("/bonuses", dict[str, Decimal], ids=",".join(numbers))
''',
    "hire": '''
    @write()
    async def hire(self, name: str) -> PersonRow:
        """Take somebody on."""
        return await self.request("POST", "/people", PersonRow, json={"name": name})
''',
    "badge": '''
    @batch()
    async def badge(self, numbers: Keys[str]) -> dict[str, BadgeRow | GraphError]:
        """The badge of each."""
        return await each(numbers, self.badge_of)

    async def badge_of(self, number: str) -> BadgeRow:
        return await self.get("/badges/{number}", BadgeRow, number=number)
''',
}
# The row of a badge has no key, so it cannot be taken for the row of another key.


def hr(*operations: str) -> str:
    """Return the source of the adapter with these operations."""
    return _HEAD + "".join(_OPERATIONS[name] for name in operations)


GOOD = hr(*_OPERATIONS)

# Every rule runs every operation, so each adapter has as few as its fault needs. Where the fault is in an operation, a
# good one comes before it, since a check must not stop at the first.
SINGLE, PAIR = hr("people"), hr("people", "hire")


def _with(source: str, *changes: tuple[str, str]) -> str:
    """Return the source with the last occurrence of each text replaced."""
    for old, new in changes:
        head, match, tail = source.rpartition(old)
        assert match, old
        source = head + new + tail
    return source


def _returning(statement: str) -> str:
    """Return an adapter whose batch ends in this statement; `by_key` is the correct result."""
    lines = f"by_key = by(rows, lambda row: row.number)\n        {statement}"
    return _with(SINGLE, ("return by(rows, lambda row: row.number)", lines))


def with_problem(*lines: str) -> str:
    """Return an adapter that overrides `problem`; the lines may change `error`, which is the correct one."""
    head = "\n    def problem(self, reply):\n        error = super().problem(reply)\n"
    return SINGLE + head + "".join(f"        {line}\n" for line in lines) + "        return error\n"


HIRED = 'return await self.request("POST", "/people", PersonRow, json={"name": name})'
HIRED_TWICE = f"""for last in (False, True):
            try:
                {HIRED}
            except GraphError:
                if last: raise"""
HIRED_AFTER_REFUSAL = f"""try:
            {HIRED}
        except BackendRejected:
            {HIRED}"""

BADGES = "return await each(numbers, self.badge_of)"
BADGES_GATHERED = """async def badge_or_none(number):
            try:
                return await self.badge_of(number)
            except NotFound:
                return None
        return dict(zip(numbers, await asyncio.gather(*map(badge_or_none, numbers))))"""

STAFF = 'return await self.get("/staff", list[PersonRow], team=team)'
STAFF_AFTER_CANCELLATION = f"""try:
            {STAFF}
        except (GraphError, asyncio.CancelledError):
            for _ in range(8):
                try:
                    await asyncio.sleep(3)
                except asyncio.CancelledError:
                    pass
            raise"""

BROKEN = {
    "owner": SINGLE + 'Hr.manifest = Manifest(version="1", runbook="https://x.test", level="gold")\n',
    "answers": _returning('return {number: row for number, row in by_key.items() if number != "100002"}'),
    "timeouts": _with(SINGLE, ('identity = "service"', 'identity = "service"\n    timeout = 60')),
    "failures": with_problem('error = error if reply.status < 500 else BackendRejected("No.")'),
    "writes": _with(PAIR, (HIRED, HIRED_TWICE)),
    "secrets": with_problem('error.message += reply.body.decode(errors="replace")'),
    "keyed": _returning("return dict(zip(numbers, rows)) if sorted(row.number for row in rows) == numbers else by_key"),
    "split": _with(SINGLE, ("max_size=3", "max_size=2000")),
    "missing": _returning("return by_key if len(by_key) == len(numbers) else {n: by_key[n] for n in numbers}"),
    "foreign": _returning("return {number: row for number, row in by_key.items() if number in numbers}"),
    "duplicate": _with(SINGLE, ("by(rows, lambda row: row.number)", "{row.number: row for row in rows}")),
    "partial": _with(hr("people", "badge"), (BADGES, BADGES_GATHERED)),
    "deadline": _with(hr("people", "staff"), (STAFF, STAFF_AFTER_CANCELLATION)),
    "cancellation": _with(
        hr("people", "staff"),
        (
            'return await self.get("/staff"',
            'self.later = asyncio.ensure_future(asyncio.sleep(3600))\n        return await self.get("/staff"',
        ),
    ),
    "nulls": _with(
        SINGLE,
        ("mail: str | None", 'mail: Annotated[str | None, Wire("mail", Conversion("text", str, lambda v: v or None))]'),
    ),
    "exact": _with(
        SINGLE,
        (
            "salary: Decimal",
            'salary: Annotated[Decimal, Wire("salary", Conversion("sum", float, lambda v: Decimal(v)))]',
        ),
    ),
    "described": _with(hr("people", "staff"), ('"""All of a team."""\n        ', "")),
    "probe": SINGLE + "\n    async def probe(self):\n        pass\n",
    "lifecycle": _with(SINGLE, (' runbook="https://x.test",', "")),
}

FLOAT = 'Conversion("sum", float, lambda v: Decimal(v))'
BONUSES = 'return await self.get("/bonuses", dict[str, Decimal], ids=",".join(numbers))'
BONUSES_AS_FLOATS = """floats = await self.get("/bonuses", dict[str, float], ids=",".join(numbers))
        return {number: Decimal(amount) for number, amount in floats.items()}"""

ALSO_BROKEN = {
    "a text in an inner row": (
        "nulls",
        _with(
            SINGLE,
            (
                "room: str | None",
                'room: Annotated[str | None, Wire("room", Conversion("t", str, lambda v: v or None))]',
            ),
        ),
    ),
    "an amount in an inner row": (
        "exact",
        _with(SINGLE, ("rent: Decimal", f'rent: Annotated[Decimal, Wire("rent", {FLOAT})]')),
    ),
    "a refusal as an outage": (
        "failures",
        with_problem('error = BackendUnavailable("Down.") if reply.status in (400, 409, 422) else error'),
    ),
    "status 501 as an outage": (
        "failures",
        with_problem('error = BackendUnavailable("Down.") if reply.status >= 500 else error'),
    ),
    "a refused write is sent again": ("writes", _with(PAIR, (HIRED, HIRED_AFTER_REFUSAL))),
    "an amount outside rows": ("exact", _with(hr("people", "bonuses"), (BONUSES, BONUSES_AS_FLOATS))),
}
"""The only rule that each of these adapters breaks, and its source."""

BLOCKING = _with(hr("staff"), (STAFF, f"time.sleep(0.2)\n        {STAFF}"))
"""An adapter that blocks the event loop for 0.2 seconds."""

WITH_CALLER_CREDENTIALS = _with(
    GOOD,
    ('identity = "service"\n    credential = ApiKey("X-Key")', "credential = PassThrough()"),
    (', share="public"', ""),
)
"""The good adapter, but passing on the caller's credentials."""
