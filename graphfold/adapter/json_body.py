"""Encode request bodies as JSON."""

from __future__ import annotations

import orjson

from graphfold.errors import InvalidInput

__all__ = ["encode_json"]


def encode_json(value: object) -> bytes:
    """Return the value as JSON, with values of unknown types as text.

    Raise `InvalidInput` for text with lone surrogates, which no encoding can carry.
    """
    try:
        return orjson.dumps(value, default=str)
    except orjson.JSONEncodeError as error:
        raise InvalidInput("A text contains characters that cannot be sent.", internal=str(error)) from None
