"""Seed products, their stock and their reviews."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from random import Random

from sandbox.days import DAY, FIRST_ORDER, LATEST, day
from sandbox.money import EURO
from sandbox.seeding import words
from sandbox.seeding.rows import insert

WAREHOUSES = ("0071", "0102", "0400")
Row = tuple[object, ...]

MUCH_REVIEWED = 2
"""The index of the product with 60 reviews."""


def fill_products(database: sqlite3.Connection, customers: int) -> None:
    skus = [f"{12_345 + 37 * index:08d}" for index in range(max(40, customers * 3 // 10))]
    random = Random("products")
    insert(database, "products", [_product(index, sku, random) for index, sku in enumerate(skus)])
    random = Random("stock")
    kept = [(index, sku) for index, sku in enumerate(skus) if index % 25 != 24]
    insert(database, "stock", [(sku, 0) for _, sku in kept])
    insert(database, "shelves", [shelf for index, sku in kept for shelf in _shelves(index, sku, random)])
    random = Random("reviews")
    reviews = sorted(review for index, sku in enumerate(skus) for review in _reviews(index, sku, random))
    insert(database, "reviews", [_numbered(place, *review) for place, review in enumerate(reviews)])


def _product(index: int, sku: str, random: Random) -> Row:
    series, kind = divmod(index, len(words.FINISHES) * len(words.THINGS))
    thing, category = words.THINGS[kind % len(words.THINGS)]
    finish = words.FINISHES[(kind // len(words.THINGS) + kind) % len(words.FINISHES)]
    title = f"{finish} {thing}" + (f" No. {series + 1}" if series else "")
    summary = None if index % 10 == 9 else f"{finish} as ever, made for the {category} corner."
    return sku, title, summary, category, random.randrange(450, 24_000, 5), EURO, f"{title} {sku}".casefold()


def _shelves(index: int, sku: str, random: Random) -> Iterator[Row]:
    for warehouse in sorted(random.sample(WAREHOUSES, random.randrange(1, 4))):
        quantity = random.randrange(20, 400)
        yield sku, warehouse, 0 if index % 20 == 7 else quantity


def _reviews(index: int, sku: str, random: Random) -> Iterator[tuple[str, str, int, str, str, str]]:
    for _ in range(60 if index == MUCH_REVIEWED else random.randrange(0, 13)):
        yield (
            day(random.randrange(FIRST_ORDER, LATEST, DAY)), sku, random.choices((1, 2, 3, 4, 5), (1, 1, 2, 5, 6))[0],
            random.choice(words.HEADLINES), random.choice((*words.REMARKS, "")),
            random.choice((*words.FIRST_NAMES, "")),
        )  # fmt: skip


def _numbered(place: int, written: str, sku: str, stars: int, headline: str, body: str, author: str) -> Row:
    return 50_001 + place, sku, stars, headline, body or None, author or None, written
