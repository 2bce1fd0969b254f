"""The answer of one operation: data, errors as the client sees them, and extensions."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import orjson

from graphfold.cache.dependencies import AnswerDependencies

__all__ = ["Answer"]


@dataclass(slots=True)
class Answer:
    """An operation's answer, as sent to the client.

    `started` is False if the request was refused before anything ran; the response then has no `data` key at all.
    `parts` describes the cache entries it was built from. It is set only if the answer may be reused: it has data, no
    errors and no extensions.
    """

    data: dict[str, Any] | None
    errors: list[dict[str, Any]] = field(default_factory=list)
    extensions: dict[str, Any] = field(default_factory=dict)
    started: bool = True
    dependencies: AnswerDependencies | None = None

    def document(self) -> dict[str, Any]:
        """Return the answer in GraphQL's response format (spec section 7.1)."""
        answer: dict[str, Any] = {"errors": self.errors} if self.errors else {}
        if self.started:
            answer["data"] = self.data
        if self.extensions:
            answer["extensions"] = self.extensions
        return answer

    def body(self) -> bytes:
        """Return the answer as JSON.

        orjson refuses integers over 64 bits and lone surrogates in text; such answers are written by the json module.
        """
        try:
            return orjson.dumps(self.document(), default=_decimal)
        except TypeError:
            return _json(self.document()).encode()


def _decimal(value: object) -> orjson.Fragment:
    """Write a Decimal inside a JSON scalar's value as the number that its backend sent."""
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value))
    raise TypeError(f"{type(value).__name__} is not JSON")


def _json(value: Any) -> str:
    """Return a value as JSON, with any number of digits."""
    if isinstance(value, dict):
        fields = ",".join(f"{json.dumps(name)}:{_json(each)}" for name, each in value.items())
        return f"{{{fields}}}"
    if isinstance(value, list | tuple):
        return f"[{','.join(map(_json, value))}]"
    return str(value) if isinstance(value, Decimal) else json.dumps(value, allow_nan=False)
