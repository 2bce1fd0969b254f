"""Sign in with a fixed text on every call: an API key, a bearer token, HTTP Basic."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from urllib.parse import quote

from graphfold.credentials.credential import Access, Credential, secret
from graphfold.mistakes import Mistake, author_location
from graphfold.secret import Secret
from graphfold.transport.call import Call
from graphfold.transport.redaction import SecretForm, secret_forms
from graphfold.transport.session import Session

__all__ = ["ApiKey", "Basic", "Bearer", "HeaderSession"]


class ApiKey(Credential):
    """The setting `token` in a header of the backend's choice, or in a parameter of the query.

    Queries appear in the logs of the backend and of every proxy on the way: use one only if no header is accepted.
    """

    needs = ("token",)

    def __init__(self, header: str = "", *, query: str = "") -> None:
        if bool(header) == bool(query):
            raise Mistake(
                author_location(),
                "ApiKey: it needs the name of a header or of a query parameter",
                why="each backend expects its key in a different place.",
                fix='write ApiKey("X-Api-Key") or ApiKey(query="api_key").',
            )
        self.header, self.query = header, query
        self.places = (header.lower() or f"?{query}",)

    def session(self, access: Access) -> Session:
        token = secret(access.settings.token)
        return (
            HeaderSession(lambda text: {self.header: text}, token) if self.header else _QuerySession(self.query, token)
        )

    def __str__(self) -> str:
        return f"API key (header {self.header})" if self.header else f"API key (query parameter {self.query})"


class Bearer(Credential):
    """The setting `token` as `Authorization: Bearer ...` (RFC 6750)."""

    needs = ("token",)
    places = ("authorization",)

    def session(self, access: Access) -> Session:
        return HeaderSession(lambda text: {"authorization": f"Bearer {text}"}, secret(access.settings.token))

    def __str__(self) -> str:
        return "bearer token"


class Basic(Credential):
    """The settings `username` and `password` as `Authorization: Basic ...` (RFC 7617)."""

    needs = ("username", "password")
    places = ("authorization",)

    def session(self, access: Access) -> Session:
        own = access.settings
        return HeaderSession(_basic, secret(own.username), secret(own.password))

    def __str__(self) -> str:
        return "user name and password (Basic)"


def _basic(username: str, password: str) -> dict[str, str]:
    return {"authorization": "Basic " + b64encode(f"{username}:{password}".encode()).decode()}


class HeaderSession(Session):
    """Sends headers made by `write` from the texts of `secrets`, of which only the last is confidential.

    They are the same on every call until the file of a secret changes.
    """

    def __init__(self, write: Callable[..., Mapping[str, str]], *secrets: Secret) -> None:
        self._write, self._secrets = write, secrets
        self._texts: list[str] = []
        self._headers: Mapping[str, str] = {}
        self._forms: tuple[SecretForm, ...] = ()

    def signed(self, call: Call) -> Call:
        texts = [secret.text for secret in self._secrets]
        if texts != self._texts:
            self._texts, self._headers = texts, self._write(*texts)
            header_secrets = [value.rpartition(" ")[2] for value in self._headers.values()]
            self._forms = secret_forms(*texts[-1:], *header_secrets)  # not the user name
        return call.adding(self._headers)

    def secrets(self, signed: Call) -> tuple[SecretForm, ...]:
        return self._forms

    async def renewed(self, call: Call, refused: Call) -> Call | None:
        for held in self._secrets:
            held.reread()
        again = self.signed(call)
        sent = refused.headers  # other credentials of `AllOf` may have added headers that change with every call
        return again if any(sent.get(name) != value for name, value in self._headers.items()) else None


class _QuerySession(Session):
    """Sends a secret as a query parameter."""

    def __init__(self, name: str, secret: Secret) -> None:
        self._name, self._secret = quote(name, safe=""), secret

    def signed(self, call: Call) -> Call:
        parameter = self._parameter
        return call.adding({}, query=f"{call.query}&{parameter}" if call.query else parameter)

    def secrets(self, signed: Call) -> tuple[SecretForm, ...]:
        return secret_forms(self._secret.text)

    async def renewed(self, call: Call, refused: Call) -> Call | None:
        self._secret.reread()
        return self.signed(call) if self._parameter not in refused.query.split("&") else None

    @property
    def _parameter(self) -> str:
        return f"{self._name}={quote(self._secret.text, safe='')}"
