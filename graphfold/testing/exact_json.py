"""JSON that keeps each number as it is written, since 1.10 and 1.1 may differ where money is concerned."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["ExactNumber", "dumps", "encode", "loads"]

_ENCODER = json.JSONEncoder(ensure_ascii=False)


class ExactNumber(str):
    """The text of a JSON number."""

    __slots__ = ()


def loads(text: str) -> Any:
    """Parse JSON, with an `ExactNumber` for each number. Raise ValueError for invalid JSON."""
    return json.loads(text, parse_float=ExactNumber, parse_int=ExactNumber)


def dumps(value: Any) -> str:
    """Write data that may have an `ExactNumber` anywhere in it."""
    if isinstance(value, ExactNumber):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{encode(name)}: {dumps(part)}" for name, part in value.items()) + "}"
    return "[" + ", ".join(map(dumps, value)) + "]" if isinstance(value, list) else encode(value)


def encode(value: Any) -> str:
    """Write ordinary data. Raise ValueError for lone surrogates, which JSON can escape and UTF-8 cannot encode."""
    text = _ENCODER.encode(value)
    text.encode()
    return text
