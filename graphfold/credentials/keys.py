"""Credentials that are one fixed header: an API key, a bearer token, HTTP Basic."""

from __future__ import annotations

from base64 import b64encode

from graphfold.credentials.credential import Credential, secret
from graphfold.settings import BackendSettings
from graphfold.transport.session import Send, Session

__all__ = ["ApiKey", "Basic", "Bearer"]


class _FixedHeader(Session):
    """The same header on every call."""

    def __init__(self, name: str, value: str) -> None:
        self._header = {name: value}

    async def headers(self) -> dict[str, str]:
        return self._header


class ApiKey(Credential):
    """The setting `token` in a header of the backend's choice."""

    needs = ("token",)

    def __init__(self, header: str) -> None:
        self.header = header

    def session(self, settings: BackendSettings, send: Send) -> Session:
        return _FixedHeader(self.header, secret(settings.token))


class Bearer(Credential):
    """The setting `token` as `Authorization: Bearer ...`."""

    needs = ("token",)

    def session(self, settings: BackendSettings, send: Send) -> Session:
        return _FixedHeader("authorization", f"Bearer {secret(settings.token)}")


class Basic(Credential):
    """The settings `username` and `password` as `Authorization: Basic ...`."""

    needs = ("username", "password")

    def session(self, settings: BackendSettings, send: Send) -> Session:
        pair = f"{secret(settings.username)}:{secret(settings.password)}"
        return _FixedHeader("authorization", "Basic " + b64encode(pair.encode()).decode())
