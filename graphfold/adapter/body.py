"""What goes out as JSON."""

from __future__ import annotations

from typing import Any

import orjson

from graphfold.errors import InvalidInput

__all__ = ["json_of"]


def json_of(value: Any) -> bytes:
    """The value as JSON, unknown types as text. Raises BAD_INPUT for text that no encoding carries: lone surrogates."""
    try:
        return orjson.dumps(value, default=str)
    except orjson.JSONEncodeError as error:
        raise InvalidInput("A text contains characters that cannot be sent.", internal=str(error)) from None
