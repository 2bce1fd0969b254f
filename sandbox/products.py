"""The resolvers of the catalog: each class is a type of its schema, each method or key a field."""

from __future__ import annotations

import base64
import binascii
import sqlite3
from collections.abc import Sequence
from typing import Any

from graphql import GraphQLError, GraphQLResolveInfo

from sandbox.database import among, key_number, key_numbers
from sandbox.money import decimal
from sandbox.parameters import MOST_IDS

MOST_SKUS = 1000

Info = GraphQLResolveInfo[Any]

RATED = """
SELECT p.*, (SELECT round(avg(stars), 1) FROM reviews r WHERE r.sku = p.sku) AS rating FROM products p
"""
SOUGHT = "instr(sought, :text) > 0 AND category = coalesce(:category, category)"


class Products:
    """The root of every query."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def productsBySku(self, info: Info, skus: list[str]) -> list[Product]:
        _limited("skus", skus, MOST_SKUS)
        rows = self._database.execute(
            f"{RATED} WHERE p.sku IN (SELECT value FROM json_each(?)) ORDER BY p.sku", (among(skus),)
        )
        return [Product(self._database, row) for row in rows]

    def reviewsById(self, info: Info, ids: list[str]) -> list[dict[str, object]]:
        _limited("ids", ids, MOST_IDS)
        rows = self._database.execute(
            "SELECT * FROM reviews WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id", (among(key_numbers(ids)),)
        )
        return [_review(row) for row in rows]

    def searchProducts(
        self,
        info: Info,
        limit: int,
        text: str | None = None,
        category: str | None = None,
        cursor: str | None = None,
    ) -> dict[str, object]:
        parameters = {"text": (text or "").casefold(), "category": category, "after": _read_cursor("sku", cursor) or ""}
        rows = self._database.execute(
            f"{RATED} WHERE {SOUGHT} AND p.sku > :after ORDER BY p.sku LIMIT :most",
            {**parameters, "most": _page_size(limit) + 1},
        ).fetchall()
        total = self._database.execute(f"SELECT count(*) FROM products WHERE {SOUGHT}", parameters).fetchone()[0]
        return {"hits": [self._hit(row) for row in rows[:limit]], "total": total, "hasMore": len(rows) > limit}

    def _hit(self, row: sqlite3.Row) -> dict[str, object]:
        return {"cursor": _cursor("sku", row["sku"]), "product": Product(self._database, row)}


class Product:
    """One product; its reviews are read only if the query selects them."""

    def __init__(self, database: sqlite3.Connection, row: sqlite3.Row) -> None:
        self._database = database
        self.skuCode = row["sku"]
        self.title = row["title"]
        self.summary = row["summary"]
        self.listPrice = {"value": decimal(row["cents"]), "currency": row["currency"]}
        self.category = row["category"]
        self.rating = row["rating"]

    def reviews(self, info: Info, limit: int, after: str | None = None) -> dict[str, object]:
        before = key_number(_read_cursor("review", after) or "999999999")
        rows = self._database.execute(
            "SELECT * FROM reviews WHERE sku = ? AND id < ? ORDER BY id DESC LIMIT ?",
            (self.skuCode, before, _page_size(limit) + 1),
        ).fetchall()
        total = self._database.execute("SELECT count(*) FROM reviews WHERE sku = ?", (self.skuCode,)).fetchone()[0]
        return {"items": [_review(row) for row in rows[:limit]], "total": total, "hasMore": len(rows) > limit}


def _review(row: sqlite3.Row) -> dict[str, object]:
    return {
        "id": str(row["id"]),
        "skuCode": row["sku"],
        "stars": row["stars"],
        "headline": row["headline"],
        "body": row["body"],
        "author": row["author"],
        "createdOn": row["created_on"],
        "cursor": _cursor("review", str(row["id"])),
    }


def _limited(name: str, keys: Sequence[str], most: int) -> None:
    if len(keys) > most:
        raise GraphQLError(f"{name} takes at most {most} values, got {len(keys)}", extensions={"code": "TOO_MANY"})


def _page_size(limit: int) -> int:
    if not 0 <= limit <= MOST_IDS:
        raise GraphQLError(f"limit must be 0 to {MOST_IDS}", extensions={"code": "BAD_LIMIT"})
    return limit


def _cursor(kind: str, key: str) -> str:
    return base64.urlsafe_b64encode(f"{kind}:{key}".encode()).decode()


def _read_cursor(kind: str, cursor: str | None) -> str | None:
    """Return the key that a cursor points at, or None without a cursor. Raise an error if it is malformed."""
    if not cursor:
        return None
    try:
        prefix, _, key = base64.urlsafe_b64decode(cursor).decode().partition(":")
    except (binascii.Error, ValueError):
        prefix, key = "", ""
    if prefix != kind or not key.isdigit():
        raise GraphQLError("This cursor is not one of this list's", extensions={"code": "BAD_CURSOR"})
    return key
