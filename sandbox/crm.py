"""The CRM backend: REST behind OAuth2, sparse fields, cursor pages, merge patches guarded by ETags."""

from __future__ import annotations

import base64
import binascii
import sqlite3
import time

from sandbox.backend import Backend
from sandbox.customers import COLUMNS, SEGMENTS, Invalid, changes, chosen, record, sought
from sandbox.database import among, key_number, key_numbers
from sandbox.messages import BadRequest, Request, Response, json_object, json_response
from sandbox.parameters import MOST_IDS, choice, keys, number
from sandbox.tokens import Tokens

DEFAULTS: dict[str, object] = {
    "name": "", "mail": "", "language": "en", "segment": "RETAIL", "phone": None, "newsletter": "N", "vip": "N",
    "line1": "", "zip": "", "town": "", "country": "DE",
}  # fmt: skip


class Crm(Backend):
    """Customers under `/crm/v2/customers`, tokens from `/crm/oauth/token`."""

    name = "crm"

    def __init__(self, database: sqlite3.Connection, tokens: Tokens) -> None:
        self._database = database
        self._tokens = tokens

    def is_data(self, request: Request) -> bool:
        return request.segments[1:] != ["oauth", "token"]

    async def answer(self, request: Request) -> Response:
        try:
            return self._route(request)
        except BadRequest as error:
            return json_response({"error": "invalid_request", "message": str(error)}, error.status)
        except Invalid as error:
            errors = [{"field": field, "reason": reason} for field, reason in error.errors.items()]
            return json_response({"errors": errors}, 422)

    def _route(self, request: Request) -> Response:
        if not self.is_data(request):
            return self._tokens.answer(request) if request.method == "POST" else _problem("method_not_allowed", 405)
        if not self._tokens.good(request):
            return _problem("invalid_token", 401, {"WWW-Authenticate": 'Bearer realm="crm", error="invalid_token"'})
        match request.method, request.segments[1:]:
            case "GET", ["v2", "customers"]:
                return self._batch(request) if "ids" in request.query else self._page(request)
            case "POST", ["v2", "customers"]:
                return self._create(json_object(request))
            case _, ["v2", "customers", text]:
                return self._one(request, text)
            case _:
                return _problem("not_found", 404)

    def _one(self, request: Request, text: str) -> Response:
        row = self._find(text)
        if row is None:
            return _problem("not_found", 404)
        match request.method:
            case "GET":
                return self._shown(row, request)
            case "PATCH":
                return self._patch(row, request)
            case "DELETE":
                self._write("DELETE FROM customers WHERE number = :number", {"number": row["number"]})
                return Response(204)
            case _:
                return _problem("method_not_allowed", 405)

    def _batch(self, request: Request) -> Response:
        fields, numbers = chosen(request.query.get("fields")), key_numbers(keys(request, "ids"))
        rows = self._database.execute(
            "SELECT * FROM customers WHERE number IN (SELECT value FROM json_each(?)) ORDER BY number",
            (among(numbers),),
        )
        return json_response({"records": [record(row, fields) for row in rows]})

    def _page(self, request: Request) -> Response:
        fields, limit = chosen(request.query.get("fields")), number(request, "limit", 20, 1, MOST_IDS)
        rows = self._database.execute(
            "SELECT * FROM customers WHERE number > ? AND instr(sought, ?) > 0 AND segment = coalesce(?, segment) "
            "ORDER BY number LIMIT ?",
            (
                _after(request.query.get("after")),
                request.query.get("search", "").casefold(),
                choice(request, "segment", SEGMENTS),
                limit + 1,
            ),
        ).fetchall()
        records = [{**record(row, fields), "position": _position(row["number"])} for row in rows[:limit]]
        return json_response({"records": records, "hasMore": len(rows) > limit})

    def _shown(self, row: sqlite3.Row, request: Request) -> Response:
        tag = {"ETag": _tag(row)}
        if _tag(row) in _tags(request.headers.get("if-none-match")):
            return Response(304, headers=tag)
        return json_response(record(row, chosen(request.query.get("fields"))), headers=tag)

    def _patch(self, row: sqlite3.Row, request: Request) -> Response:
        wanted = request.headers.get("if-match")
        if wanted is not None and not {"*", _tag(row)} & set(_tags(wanted)):
            return _problem("precondition_failed", 412, {"ETag": _tag(row)})
        after = {**dict(row), **changes(json_object(request))}
        after["sought"] = sought(after["name"], after["mail"])
        assigned = ", ".join(f"{column} = :{column}" for column in after)
        self._write(f"UPDATE customers SET {assigned}, revision = revision + 1 WHERE number = :number", after)
        return self._stored(row["number"], 200)

    def _create(self, document: dict[str, object]) -> Response:
        requested = document.pop("custNo", None)
        chosen_number = key_number(requested) if isinstance(requested, str) else None
        if requested is not None and chosen_number is None:
            raise Invalid({"custNo": "is not a customer number"})
        if requested is not None and self._find(str(requested)) is not None:
            return _problem("conflict", 409)
        values = DEFAULTS | changes(document)
        missing = [field for field in ("profile.displayName", "contact.mail") if not values[COLUMNS[field]]]
        if missing:
            raise Invalid(dict.fromkeys(missing, "is missing"))
        return self._stored(self._insert(chosen_number, values), 201)

    def _insert(self, chosen_number: int | None, values: dict[str, object]) -> int:
        row = {**values, "number": chosen_number, "registered_at": int(time.time() * 1000)}
        row["sought"] = sought(str(values["name"]), str(values["mail"]))
        places = ", ".join(f":{column}" for column in row)
        return self._write(f"INSERT INTO customers ({', '.join(row)}) VALUES ({places})", row)

    def _write(self, statement: str, values: dict[str, object]) -> int:
        with self._database:
            return self._database.execute(statement, values).lastrowid or 0

    def _stored(self, customer: int, status: int) -> Response:
        row = self._find(str(customer))
        assert row is not None
        location = {"Location": f"/crm/v2/customers/{customer}"} if status == 201 else {}
        return json_response(record(row, list(COLUMNS)), status, {"ETag": _tag(row), **location})

    def _find(self, text: str) -> sqlite3.Row | None:
        found: sqlite3.Row | None = self._database.execute(
            "SELECT * FROM customers WHERE number = ?", (key_number(text),)
        ).fetchone()
        return found


def _tag(row: sqlite3.Row) -> str:
    return f'"{row["number"]}-{row["revision"]}"'


def _tags(header: str | None) -> list[str]:
    return [tag.strip() for tag in (header or "").split(",")]


def _position(customer: int) -> str:
    return base64.urlsafe_b64encode(f"custNo>{customer}".encode()).decode().rstrip("=")


def _after(cursor: str | None) -> int:
    """Return the customer number that a cursor points at, or 0 without a cursor."""
    if not cursor:
        return 0
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, ValueError):
        text = ""
    customer = key_number(text, "custNo>")
    if customer is None:
        raise BadRequest("after", "is not a cursor of this list")
    return customer


def _problem(error: str, status: int, headers: dict[str, str] | None = None) -> Response:
    return json_response({"error": error}, status, headers)
