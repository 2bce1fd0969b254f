"""Insert many rows at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable


def insert(database: sqlite3.Connection, table: str, rows: Iterable[tuple[object, ...]]) -> None:
    """Insert rows that have a value for every column of `table`."""
    rows = list(rows)
    if rows:
        places = ", ".join("?" * len(rows[0]))
        database.executemany(f"INSERT INTO {table} VALUES ({places})", rows)
