"""WS-Security UsernameToken in a SOAP message, as text or as digest, with a fresh nonce and time for every message."""

from __future__ import annotations

import base64
import hashlib
import os
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from graphfold.credentials.credential import Credential, secret
from graphfold.settings import BackendSettings
from graphfold.transport.session import Send, Session

__all__ = ["UsernameToken"]

_OASIS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss"
_PROFILE = f"{_OASIS}-username-token-profile-1.0"
_START = (
    f'<wsse:Security xmlns:wsse="{_OASIS}-wssecurity-secext-1.0.xsd">'
    "<wsse:UsernameToken><wsse:Username>{username}</wsse:Username>"
)
_TEXT = f'<wsse:Password Type="{_PROFILE}#PasswordText">{{password}}</wsse:Password>'
_DIGEST = (
    f'<wsse:Password Type="{_PROFILE}#PasswordDigest">{{digest}}</wsse:Password>'
    f'<wsse:Nonce EncodingType="{_OASIS}-soap-message-security-1.0#Base64Binary">{{nonce}}</wsse:Nonce>'
    f'<wsu:Created xmlns:wsu="{_OASIS}-wssecurity-utility-1.0.xsd">{{created}}</wsu:Created>'
)
_END = "</wsse:UsernameToken></wsse:Security>"


class UsernameToken(Credential):
    """The settings `username` and `password` in the message's security header.

    With `digest` the password itself stays here: what is sent proves that it is known, once.
    """

    needs = ("username", "password")

    def __init__(self, *, digest: bool = False) -> None:
        self.digest = digest

    def session(self, settings: BackendSettings, send: Send) -> Session:
        return _MessageSession(secret(settings.username), secret(settings.password), digest=self.digest)


class _MessageSession(Session):
    def __init__(self, username: str, password: str, *, digest: bool) -> None:
        self._start, self._password = _START.format(username=escape(username)), password
        self._proof = self._by_digest if digest else self._by_text

    def security(self, body: str) -> str:
        return f"{self._start}{self._proof()}{_END}"

    def _by_text(self) -> str:
        return _TEXT.format(password=escape(self._password))

    def _by_digest(self) -> str:
        nonce, created = os.urandom(16), datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        digest = hashlib.sha1(nonce + created.encode() + self._password.encode()).digest()  # noqa: S324  # prescribed
        return _DIGEST.format(digest=_base64(digest), nonce=_base64(nonce), created=created)


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
