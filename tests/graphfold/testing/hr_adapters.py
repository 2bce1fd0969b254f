"""An adapter that keeps every rule, and for each rule one that breaks it and no other."""

from __future__ import annotations

__all__ = ["ALSO_BROKEN", "BLOCKING", "BROKEN", "GOOD", "OF_THE_CALLER", "hr", "problem"]

PERSONNEL = """
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

OPERATIONS = {
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
# The row of a badge says no key: nothing to mistake for another's.


def hr(*operations: str) -> str:
    """The adapter with these of its operations."""
    return PERSONNEL + "".join(OPERATIONS[name] for name in operations)


GOOD = hr(*OPERATIONS)

# What is broken has no more operations than it takes, since all rules are run against each of them. Where it is not
# the first that is broken, a good one stands before it: no check may end with the first.
SINGLE, PAIR = hr("people"), hr("people", "hire")


def _with(source: str, *changes: tuple[str, str]) -> str:
    """An adapter with the last place of each text changed."""
    for old, new in changes:
        head, found, tail = source.rpartition(old)
        assert found, old
        source = head + new + tail
    return source


def _mapping(text: str) -> str:
    """People are made a mapping so; `found` is as it should be."""
    found = f"found = by(rows, lambda row: row.number)\n        {text}"
    return _with(SINGLE, ("return by(rows, lambda row: row.number)", found))


def problem(*lines: str) -> str:
    """An adapter with its own reading of errors; `error` is as it should be."""
    head = "\n    def problem(self, reply):\n        error = super().problem(reply)\n"
    return PAIR + head + "".join(f"        {line}\n" for line in lines) + "        return error\n"


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
BADGES_TOGETHER = """async def found(number):
            try:
                return await self.badge_of(number)
            except NotFound:
                return None
        return dict(zip(numbers, await asyncio.gather(*map(found, numbers))))"""

STAFF = 'return await self.get("/staff", list[PersonRow], team=team)'
STAFF_LATER = f"""try:
            {STAFF}
        except (GraphError, asyncio.CancelledError):
            for _ in range(8):
                try:
                    await asyncio.sleep(3)
                except asyncio.CancelledError:
                    pass
            raise"""

BROKEN = {
    "owner": PAIR + 'Hr.manifest = Manifest(version="1", runbook="https://x.test", level="gold")\n',
    "answers": _mapping('return {number: row for number, row in found.items() if number != "100002"}'),
    "timeouts": _with(PAIR, ('identity = "service"', 'identity = "service"\n    timeout = 60')),
    "failures": problem('error = error if reply.status < 500 else BackendRejected("No.")'),
    "writes": _with(PAIR, (HIRED, HIRED_TWICE)),
    "secrets": problem('error.message += reply.body.decode(errors="replace")'),
    "keyed": _mapping("return dict(zip(numbers, rows)) if sorted(row.number for row in rows) == numbers else found"),
    "split": _with(SINGLE, ("max_size=3", "max_size=2000")),
    "missing": _mapping("return found if len(found) == len(numbers) else {n: found[n] for n in numbers}"),
    "foreign": _mapping("return {number: row for number, row in found.items() if number in numbers}"),
    "duplicate": _with(SINGLE, ("by(rows, lambda row: row.number)", "{row.number: row for row in rows}")),
    "partial": _with(hr("people", "badge"), (BADGES, BADGES_TOGETHER)),
    "deadline": _with(hr("people", "staff"), (STAFF, STAFF_LATER)),
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
    "probe": PAIR + "\n    async def probe(self):\n        pass\n",
    "lifecycle": _with(PAIR, (' runbook="https://x.test",', "")),
}

FLOAT = 'Conversion("sum", float, lambda v: Decimal(v))'
BONUSES = 'return await self.get("/bonuses", dict[str, Decimal], ids=",".join(numbers))'
BONUSES_AS_FLOATS = """told = await self.get("/bonuses", dict[str, float], ids=",".join(numbers))
        return {number: Decimal(amount) for number, amount in told.items()}"""

ALSO_BROKEN = {
    "a text in a row of a row": (
        "nulls",
        _with(
            SINGLE,
            (
                "room: str | None",
                'room: Annotated[str | None, Wire("room", Conversion("t", str, lambda v: v or None))]',
            ),
        ),
    ),
    "an amount in a row of a row": (
        "exact",
        _with(SINGLE, ("rent: Decimal", f'rent: Annotated[Decimal, Wire("rent", {FLOAT})]')),
    ),
    "a refusal as an outage": (
        "failures",
        problem('error = BackendUnavailable("Down.") if reply.status in (400, 409, 422) else error'),
    ),
    "another contract as an outage": (
        "failures",
        problem('error = BackendUnavailable("Down.") if reply.status >= 500 else error'),
    ),
    "a write that is refused": ("writes", _with(PAIR, (HIRED, HIRED_AFTER_REFUSAL))),
    "an amount in no row": ("exact", _with(hr("people", "bonuses"), (BONUSES, BONUSES_AS_FLOATS))),
}
"""The rule that each of these breaks, and no other."""

BLOCKING = _with(hr("staff"), (STAFF, f"time.sleep(1.1)\n        {STAFF}"))
"""It holds up everybody, for as long as the rule `deadline` does not allow."""

OF_THE_CALLER = _with(
    GOOD,
    ('identity = "service"\n    credential = ApiKey("X-Key")', "credential = PassThrough()"),
    (', share="public"', ""),
)
"""The good one with the caller's own credentials."""
