"""JSON whose numbers stay as they were written: 1.10 is not 1.1 where money is concerned."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["Number", "dumped", "read", "written"]

_ENCODER = json.JSONEncoder(ensure_ascii=False)


class Number(str):
    """A number as it was written."""

    __slots__ = ()


def read(text: str) -> Any:
    """Raises ValueError for what is no JSON."""
    return json.loads(text, parse_float=Number, parse_int=Number)


def written(value: Any) -> str:
    """JSON again, each number as it was."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{dumped(name)}: {written(part)}" for name, part in value.items()) + "}"
    return "[" + ", ".join(map(written, value)) + "]" if isinstance(value, list) else dumped(value)


def dumped(value: Any) -> str:
    """Raises ValueError for text that no encoding carries."""
    text = _ENCODER.encode(value)
    text.encode()
    return text
