"""The marketing backend: slow, many customers per call, an error for each customer number that ends in 7."""

from __future__ import annotations

import asyncio
import hmac
import sqlite3

from sandbox.backend import Backend
from sandbox.credentials import MARKETING_KEY
from sandbox.database import among, key_numbers
from sandbox.messages import BadRequest, Request, Response, json_response
from sandbox.parameters import keys


class Marketing(Backend):
    """Engagement by customer under `/marketing/engagement`; every call takes `delay` seconds."""

    name = "marketing"

    def __init__(self, database: sqlite3.Connection, delay: float) -> None:
        self._database = database
        self._delay = delay

    async def answer(self, request: Request) -> Response:
        if not hmac.compare_digest(request.headers.get("x-api-key", "").encode(), MARKETING_KEY.encode()):
            return _problem("UNAUTHENTICATED", "The X-Api-Key header is missing or wrong", 401)
        if request.path != "/marketing/engagement" or request.method != "GET":
            return _problem("NOT_FOUND", f"{request.method} {request.path} is not here", 404)
        try:
            return await self._engagement(request)
        except BadRequest as error:
            return _problem("BAD_REQUEST", str(error), error.status)

    async def _engagement(self, request: Request) -> Response:
        numbers = key_numbers(keys(request, "customerIds"))
        await asyncio.sleep(self._delay)
        rows = self._database.execute(
            "SELECT * FROM engagement WHERE customer IN (SELECT value FROM json_each(?)) ORDER BY score DESC",
            (among(numbers),),
        )
        return json_response({"entries": [_entry(row) for row in rows]})


def _entry(row: sqlite3.Row) -> dict[str, object]:
    customer = str(row["customer"])
    if customer.endswith("7"):
        return {"customerId": customer, "error": {"code": "PROFILE_LOCKED", "message": "The profile is locked"}}
    return {
        "customerId": customer,
        "score": row["score"],
        "lastSeen": row["last_seen"],
        "opens": row["opens"],
        "clicks": row["clicks"],
    }


def _problem(code: str, message: str, status: int) -> Response:
    return json_response({"error": {"code": code, "message": message}}, status)
