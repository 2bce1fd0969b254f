"""Credentials that are one fixed text: an API key, a bearer token, HTTP Basic."""

from __future__ import annotations

from base64 import b64encode

from graphfold.credentials.credential import Access, Credential, secret
from graphfold.credentials.fixed import FixedHeader, FixedParameter
from graphfold.mistakes import Mistake, author_location
from graphfold.transport.session import Session

__all__ = ["ApiKey", "Basic", "Bearer"]


class ApiKey(Credential):
    """The setting `token` in a header of the backend's choice, or in a parameter of the query.

    A query stands in the backend's logs and in those of every proxy on the way: use it where there is no other way.
    """

    needs = ("token",)

    def __init__(self, header: str = "", *, query: str = "") -> None:
        if bool(header) == bool(query):
            raise Mistake(
                author_location(),
                "ApiKey: it needs the name of a header or that of a parameter of the query",
                why="each backend reads its key in a place of its own.",
                fix='write ApiKey("X-Api-Key") or ApiKey(query="api_key").',
            )
        self.header, self.query = header, query
        self.places = (header.lower() or f"?{query}",)

    def session(self, access: Access) -> Session:
        token = secret(access.settings.token)
        return (
            FixedHeader(lambda text: {self.header: text}, token) if self.header else FixedParameter(self.query, token)
        )

    def __str__(self) -> str:
        return f"API key (header {self.header})" if self.header else f"API key (query parameter {self.query})"


class Bearer(Credential):
    """The setting `token` as `Authorization: Bearer ...` (RFC 6750)."""

    needs = ("token",)
    places = ("authorization",)

    def session(self, access: Access) -> Session:
        return FixedHeader(lambda text: {"authorization": f"Bearer {text}"}, secret(access.settings.token))

    def __str__(self) -> str:
        return "bearer token"


class Basic(Credential):
    """The settings `username` and `password` as `Authorization: Basic ...` (RFC 7617)."""

    needs = ("username", "password")
    places = ("authorization",)

    def session(self, access: Access) -> Session:
        own = access.settings
        return FixedHeader(_basic, secret(own.username), secret(own.password))

    def __str__(self) -> str:
        return "user name and password (Basic)"


def _basic(username: str, password: str) -> dict[str, str]:
    return {"authorization": "Basic " + b64encode(f"{username}:{password}".encode()).decode()}
