"""Headers that are the same on every call, until the file of a secret changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import quote

from graphfold.secret import Secret
from graphfold.transport.call import Call
from graphfold.transport.echo import Form, forms
from graphfold.transport.session import Session

__all__ = ["FixedHeader", "FixedParameter"]


class FixedHeader(Session):
    """`write` makes the headers from the texts of `secrets`, of which the last is the one to keep."""

    def __init__(self, write: Callable[..., Mapping[str, str]], *secrets: Secret) -> None:
        self._write, self._secrets = write, secrets
        self._texts: list[str] = []
        self._headers: Mapping[str, str] = {}
        self._forms: tuple[Form, ...] = ()

    def signed(self, call: Call) -> Call:
        texts = [secret.text for secret in self._secrets]
        if texts != self._texts:
            self._texts, self._headers = texts, self._write(*texts)
            shown = [value.rpartition(" ")[2] for value in self._headers.values()]
            self._forms = forms(*texts[-1:], *shown)  # a user name is no secret
        return call.adding(self._headers)

    def secrets(self, signed: Call) -> tuple[Form, ...]:
        return self._forms

    async def renewed(self, call: Call, refused: Call) -> Call | None:
        for secret in self._secrets:
            secret.reread()
        again = self.signed(call)
        sent = refused.headers  # with those of others, too, which may be new for every call
        return again if any(sent.get(name) != value for name, value in self._headers.items()) else None


class FixedParameter(Session):
    """A secret as a parameter of the query."""

    def __init__(self, name: str, secret: Secret) -> None:
        self._name, self._secret = quote(name, safe=""), secret

    def signed(self, call: Call) -> Call:
        told = self._told
        return call.adding({}, query=f"{call.query}&{told}" if call.query else told)

    def secrets(self, signed: Call) -> tuple[Form, ...]:
        return forms(self._secret.text)

    async def renewed(self, call: Call, refused: Call) -> Call | None:
        self._secret.reread()
        return self.signed(call) if self._told not in refused.query.split("&") else None

    @property
    def _told(self) -> str:
        return f"{self._name}={quote(self._secret.text, safe='')}"
