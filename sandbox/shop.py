"""The shop backend: REST behind an API key, offset pages, integer cents, a rate limit, idempotent writes."""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import replace

import orjson

from sandbox.backend import Backend
from sandbox.credentials import SHOP_KEYS
from sandbox.messages import BadRequest, Request, Response, json_object, json_response
from sandbox.order_desk import OrderDesk, Refused
from sandbox.orders import PREFIX, STATES, Orders
from sandbox.parameters import choice, keys, number
from sandbox.rate import Rate

MOST_OFFSET = 1_000_000


class Shop(Backend):
    """Orders under `/shop/orders`."""

    name = "shop"

    def __init__(self, database: sqlite3.Connection, rate: int) -> None:
        self._orders = Orders(database)
        self._desk = OrderDesk(database)
        self._rate = Rate(rate)

    async def answer(self, request: Request) -> Response:
        key = request.headers.get("x-shop-key", "")
        if key not in SHOP_KEYS:
            return _error("UNAUTHORIZED", "The X-Shop-Key header is missing or wrong", 401)
        allowed, headers = self._rate.spend(key)
        response = self._checked(request) if allowed else _error("RATE_LIMITED", "Too many requests", 429)
        return replace(response, headers={**response.headers, **headers})

    def _checked(self, request: Request) -> Response:
        try:
            return self._route(request)
        except BadRequest as error:
            return _error("BAD_REQUEST", str(error), error.status)
        except Refused as refused:
            return _error(refused.code, str(refused), refused.status, **refused.about)

    def _route(self, request: Request) -> Response:
        match request.method, request.segments[1:]:
            case "GET", ["orders"]:
                return self._list(request)
            case "GET", ["orders", order]:
                return self._one(order)
            case "POST", ["orders"]:
                return self._place(request)
            case "POST", ["orders", order, "cancel"]:
                return self._cancel(request, order)
            case _:
                return _error("NOT_FOUND", f"{request.method} {request.path} is not here", 404)

    def _list(self, request: Request) -> Response:
        if "numbers" in request.query:
            return json_response({"orders": self._orders.by_number(keys(request, "numbers"))})
        state = choice(request, "state", STATES)
        limit, offset = number(request, "limit", 20, 0, 200), number(request, "offset", 0, 0, MOST_OFFSET)
        if "customers" in request.query:
            results = self._orders.of_customers(keys(request, "customers"), state, limit, offset)
            return json_response({"results": results})
        return json_response(self._orders.page(state, limit, offset))

    def _one(self, order: str, status: int = 200) -> Response:
        found = self._orders.by_number([order])
        return json_response(found[0], status) if found else _error("UNKNOWN_ORDER", f"There is no order {order}", 404)

    def _place(self, request: Request) -> Response:
        document = json_object(request)
        order, first = self._desk.once(*_idempotency(request, document), lambda: self._desk.place(document))
        return self._one(f"{PREFIX}{order}", 201 if first else 200)

    def _cancel(self, request: Request, order: str) -> Response:
        cancelled, _ = self._desk.once(*_idempotency(request, order), lambda: self._desk.cancel(order))
        return self._one(f"{PREFIX}{cancelled}")


def _idempotency(request: Request, content: object) -> tuple[str, str]:
    """Return the request's idempotency key, scoped to its API key, and a fingerprint of its content."""
    key = request.headers.get("idempotency-key", "")
    if not key:
        raise BadRequest("Idempotency-Key", "is a header this call needs")
    fingerprinted = orjson.dumps([request.path, content], option=orjson.OPT_SORT_KEYS)
    return f"{request.headers['x-shop-key']} {key}", hashlib.sha256(fingerprinted).hexdigest()


def _error(code: str, message: str, status: int, **about: object) -> Response:
    return json_response({"error": {"code": code, "message": message, **about}}, status)
