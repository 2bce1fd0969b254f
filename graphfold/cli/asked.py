"""What a command is asked: a query from its text, a file or stdin, and the variables that go with it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import orjson

from graphfold.cli.terminal import Stop

__all__ = ["document_of", "source_of", "variables_of"]


_QUERY = "write a query, like '{ __typename }', or name a file with one in it."
_VARIABLES = """write them like '{"id": "10001"}', or name a file with that in it, like @values.json."""


def document_of(text: str) -> str:
    """The query: `text` itself, what the file of that name has in it, or stdin for `-`."""
    document = sys.stdin.read() if text == "-" else text if _is_query(text) else _read(Path(text), "TEXT|FILE", _QUERY)
    if not document.strip():
        raise Stop("TEXT|FILE: there is no query in it.", fix=_QUERY, code=2)
    return document


def source_of(text: str) -> str:
    """What to call the query where something is wrong in it: the file it is in, or `query`."""
    return "query" if text == "-" or _is_query(text) else text


def _is_query(text: str) -> bool:
    return "{" in text or not text.strip()


def variables_of(given: str | None) -> dict[str, Any] | None:
    """The variables from JSON, or from a file of JSON as `@values.json`."""
    if given is None:
        return None
    text = _read(Path(given[1:]), "--variables", _VARIABLES) if given.startswith("@") else given
    try:
        values = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Stop(f"--variables is not JSON: {error}.", fix=_VARIABLES, code=2) from None
    if not isinstance(values, dict):
        raise Stop("--variables has to be a JSON object.", fix=_VARIABLES, code=2)
    return values


def _read(path: Path, option: str, fix: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise Stop(f"{option}: {path} cannot be read: {reason}.", fix=fix, code=2) from None
