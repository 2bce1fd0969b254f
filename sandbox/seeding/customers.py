"""Seed customers (people and firms) and their newsletter engagement."""

from __future__ import annotations

import sqlite3
import unicodedata
from random import Random

from sandbox.customers import sought
from sandbox.days import DAY, FOUNDED, LATEST, day
from sandbox.seeding import words
from sandbox.seeding.rows import insert

FIRST_NUMBER = 10001


def fill_customers(database: sqlite3.Connection, customers: int) -> None:
    numbers = range(FIRST_NUMBER, FIRST_NUMBER + customers)
    random = Random("customers")
    insert(database, "customers", [_customer(number, random) for number in numbers])
    random = Random("engagement")
    insert(database, "engagement", [_engagement(number, random) for number in numbers])


def _customer(number: int, random: Random) -> tuple[object, ...]:
    segment = random.choices(("RETAIL", "BUSINESS", "KEY"), (75, 20, 5))[0]
    name = _person(random) if segment == "RETAIL" else _firm(random)
    mail = f"{_slug(name)}.{number}@mail.example"
    country, town, postcode = random.choice(words.TOWNS)
    return (
        number, name, words.LANGUAGES[country], segment, mail, _phone(random),
        random.randrange(FOUNDED * 1000, (LATEST - 120 * DAY) * 1000), _flag(random, 0.6), _flag(random, 0.08),
        f"{random.choice(words.STREETS)} {random.randrange(1, 180)}", postcode, town, country,
        sought(name, mail), 1,
    )  # fmt: skip


def _person(random: Random) -> str:
    return f"{random.choice(words.FIRST_NAMES)} {random.choice(words.LAST_NAMES)}"


def _firm(random: Random) -> str:
    return f"{random.choice(words.FIRMS)} {random.choice(words.FIRM_FORMS)}"


def _phone(random: Random) -> str | None:
    return f"+49 30 {random.randrange(1_000_000, 9_999_999)}" if random.random() < 0.6 else None


def _flag(random: Random, share: float) -> str:
    return "Y" if random.random() < share else "N"


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.casefold().replace(" ", "."))
    return "".join(letter for letter in plain if letter.isascii() and (letter.isalnum() or letter == ".")).strip(".")


def _engagement(number: int, random: Random) -> tuple[object, ...]:
    score, opens = random.randrange(5, 100) / 100, random.randrange(0, 240)
    seen = day(LATEST - random.randrange(0, 400) * DAY) if random.random() < 0.9 else None
    return number, score, seen, opens, random.randrange(0, opens + 1)
