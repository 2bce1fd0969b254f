"""JSON whose numbers stay as they were dumps: 1.10 is not 1.1 where money is concerned."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["ExactNumber", "dumps", "encode", "loads"]

_ENCODER = json.JSONEncoder(ensure_ascii=False)


class ExactNumber(str):
    """A number as it was dumps."""

    __slots__ = ()


def loads(text: str) -> Any:
    """Raises ValueError for what is no JSON."""
    return json.loads(text, parse_float=ExactNumber, parse_int=ExactNumber)


def dumps(value: Any) -> str:
    """JSON again, each number as it was."""
    if isinstance(value, ExactNumber):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{encode(name)}: {dumps(part)}" for name, part in value.items()) + "}"
    return "[" + ", ".join(map(dumps, value)) + "]" if isinstance(value, list) else encode(value)


def encode(value: Any) -> str:
    """Raises ValueError for text that no encoding carries."""
    text = _ENCODER.encode(value)
    text.encode()
    return text
