"""What an operation answers: data, errors as the client sees them, and what else there is to say."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import orjson

from graphfold.cache.parts import Parts

__all__ = ["Answer"]


@dataclass(slots=True)
class Answer:
    """`started` is False where the request was refused before anything ran: there is then no data at all.

    `parts` are what it was made of, where it is complete and says nothing that is true of this run only.
    """

    data: dict[str, Any] | None
    errors: list[dict[str, Any]] = field(default_factory=list)
    extensions: dict[str, Any] = field(default_factory=dict)
    started: bool = True
    parts: Parts | None = None

    def document(self) -> dict[str, Any]:
        """The answer in GraphQL's response format."""
        answer: dict[str, Any] = {"errors": self.errors} if self.errors else {}
        if self.started:
            answer["data"] = self.data
        if self.extensions:
            answer["extensions"] = self.extensions
        return answer

    def body(self) -> bytes:
        """The answer as JSON. Numbers that orjson cannot write (over 64 bits) and odd text go through the slow way."""
        try:
            return orjson.dumps(self.document(), default=_digits)
        except TypeError:
            return _written(self.document()).encode()


def _digits(value: object) -> orjson.Fragment:
    """A Decimal in what a JSON scalar hands on: the number as its backend wrote it."""
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value))
    raise TypeError(f"{type(value).__name__} is no JSON")


def _written(value: Any) -> str:
    """JSON piece by piece."""
    if isinstance(value, dict):
        fields = ",".join(f"{json.dumps(name)}:{_written(each)}" for name, each in value.items())
        return f"{{{fields}}}"
    if isinstance(value, list | tuple):
        return f"[{','.join(map(_written, value))}]"
    return str(value) if isinstance(value, Decimal) else json.dumps(value, allow_nan=False)
