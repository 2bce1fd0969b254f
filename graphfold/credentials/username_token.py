"""WS-Security UsernameToken in a SOAP envelope, as text or as digest with a fresh nonce for every call."""

from __future__ import annotations

from typing import Any

from zeep.wsse import username

from graphfold.credentials.credential import Credential, secret
from graphfold.settings import BackendSettings
from graphfold.transport.session import Send, Session

__all__ = ["UsernameToken"]

_token: Any = username.UsernameToken  # zeep has no types


class UsernameToken(Credential):
    """The settings `username` and `password` in the envelope's security header."""

    needs = ("username", "password")

    def __init__(self, *, digest: bool = False) -> None:
        self.digest = digest

    def session(self, settings: BackendSettings, send: Send) -> Session:
        return _EnvelopeSession(secret(settings.username), secret(settings.password), digest=self.digest)


class _EnvelopeSession(Session):
    def __init__(self, username: str, password: str, *, digest: bool) -> None:
        self._username, self._password, self._digest = username, password, digest

    def secure(self, envelope: object) -> None:
        _token(self._username, self._password, use_digest=self._digest).apply(envelope, {})
