"""Issue short-lived bearer tokens by OAuth2 client credentials (RFC 6749 section 4.4)."""

from __future__ import annotations

import secrets
import time
from urllib.parse import parse_qsl

from sandbox.authorization import basic, bearer
from sandbox.credentials import CRM_CLIENT_ID, CRM_CLIENT_SECRET
from sandbox.messages import Request, Response, json_response

NO_STORE = {"Cache-Control": "no-store"}


class Tokens:
    """The issued tokens, each valid for `lifetime` seconds."""

    def __init__(self, lifetime: float) -> None:
        self._lifetime = lifetime
        self._ends: dict[str, float] = {}

    def answer(self, request: Request) -> Response:
        """Answer a token request; errors are OAuth error objects with status 400 or 401."""
        form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
        if "grant_type" not in form:
            return _refused("invalid_request")
        if form["grant_type"] != "client_credentials":
            return _refused("unsupported_grant_type")
        if _client(request, form) != (CRM_CLIENT_ID, CRM_CLIENT_SECRET):
            return _refused("invalid_client", 401, {"WWW-Authenticate": 'Basic realm="crm"'})
        return json_response(self._issue(), headers=NO_STORE)

    def good(self, request: Request) -> bool:
        return self._ends.get(bearer(request), 0) > time.monotonic()

    def issued(self) -> frozenset[str]:
        return frozenset(self._ends)

    def _issue(self) -> dict[str, object]:
        now = time.monotonic()
        self._ends = {token: end for token, end in self._ends.items() if end > now}
        token = secrets.token_urlsafe(24)
        self._ends[token] = now + self._lifetime
        return {"access_token": token, "token_type": "Bearer", "expires_in": int(self._lifetime)}


def _client(request: Request, form: dict[str, str]) -> tuple[str, str]:
    return basic(request) or (form.get("client_id", ""), form.get("client_secret", ""))


def _refused(error: str, status: int = 400, headers: dict[str, str] | None = None) -> Response:
    return json_response({"error": error}, status, {**NO_STORE, **(headers or {})})
