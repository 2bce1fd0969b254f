"""A query whose answer can be taken apart: every backend's own fields stand under its name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graphfold.errors import CODES
from tests.e2e.gateway import Json

__all__ = ["QUERY", "assert_only_its_fields_are_gone"]

QUERY = """{
  crm: customer(id: "10002") { number }
  shop: order(id: "SO-100002") {
    number
    customer { number marketing: engagement { score } }
    lines { quantity product { sku inventory: stock { onHand } } }
  }
  catalog: product(id: "00012345") { sku }
  billing: invoice(id: "2026-000001") { number total { amount } }
}"""
"""Each portion needs no backend but those around it."""

OPERATIONS = {
    "crm": "customers",
    "shop": "orders",
    "catalog": "products",
    "inventory": "stock",
    "billing": "invoices",
    "marketing": "engagement",
}
LEAKS = (
    "Traceback",
    "Error:",
    "127.0.0.1",
    "httpx",
    "zeep",
    "lxml",
    "msgspec",
    "html",
    "Server",
    "available",
    "status",
)
"""Words of exceptions, of backends and of libraries; no message of ours has them."""


def assert_only_its_fields_are_gone(answer: Json, whole: Json, backend: str, code: str) -> None:
    """The rest is as in the `whole` answer, and each of its fields has an error that says no more than it should."""
    assert set(answer) == {"data", "errors"}
    assert answer["data"] == _without(backend, whole)
    assert sorted(str(tuple(error["path"])) for error in answer["errors"]) == sorted(map(str, _places(backend, whole)))
    for error in answer["errors"]:
        extensions = dict(error["extensions"])
        extensions.pop("retryAfter", None)
        assert extensions == {
            "code": code,
            "retryable": CODES[code].retryable,
            "requestId": "r-1",
            "backend": backend,
            "operation": OPERATIONS[backend],
        }
        assert not [word for word in LEAKS if word in error["message"]], error["message"]


def _without(backend: str, data: Any) -> Any:
    """The answer as it is when this backend does not answer."""
    if isinstance(data, dict):
        return {name: None if name == backend else _without(backend, value) for name, value in data.items()}
    return [_without(backend, value) for value in data] if isinstance(data, list) else data


def _places(backend: str, data: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The paths of this backend's fields."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for step, value in items:
        if step == backend:
            yield (*path, step)
        else:
            yield from _places(backend, value, (*path, step))
