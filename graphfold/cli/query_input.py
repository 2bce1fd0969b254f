"""Reads what `query` and `explain` take: a document as text, file or stdin, and its variables."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import orjson

from graphfold.cli.terminal import Stop

__all__ = ["document_name", "read_document", "read_variables"]


_QUERY = "write a query, like '{ __typename }', or name a file with one in it."
_VARIABLES = """write them like '{"id": "10001"}', or name a file with that in it, like @values.json."""


def read_document(argument: str) -> str:
    """Return the document: the argument itself, the text of the file it names, or stdin for `-`."""
    if argument == "-":
        document = sys.stdin.read()
    else:
        document = argument if _is_document(argument) else _read(Path(argument), "TEXT|FILE", _QUERY)
    if not document.strip():
        raise Stop("TEXT|FILE: there is no query in it.", fix=_QUERY, code=2)
    return document


def document_name(argument: str) -> str:
    """Return the name that errors give the document: the file's, or `query`."""
    return "query" if argument == "-" or _is_document(argument) else argument


def _is_document(argument: str) -> bool:
    # Every GraphQL operation has a selection set in braces, which hardly any file name contains.
    return "{" in argument or not argument.strip()


def read_variables(option: str | None) -> dict[str, Any] | None:
    """Return the variables from JSON text, or from the JSON file that `@values.json` names."""
    if option is None:
        return None
    text = _read(Path(option[1:]), "--variables", _VARIABLES) if option.startswith("@") else option
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
