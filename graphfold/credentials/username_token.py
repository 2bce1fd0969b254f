"""Add a WS-Security UsernameToken to a SOAP message, as text or as digest, with a fresh nonce for each message."""

from __future__ import annotations

import base64
import hashlib
import os
import time
from xml.sax.saxutils import escape

from graphfold.credentials.credential import Access, secret
from graphfold.credentials.ws_security import OASIS, Block, SecurityToken, instant

__all__ = ["UsernameToken"]

_PROFILE = f"{OASIS}-username-token-profile-1.0"
_BLOCK = "<wsse:UsernameToken><wsse:Username>{username}</wsse:Username>{proof}</wsse:UsernameToken>"
_TEXT = f'<wsse:Password Type="{_PROFILE}#PasswordText">{{password}}</wsse:Password>'
_DIGEST = (
    f'<wsse:Password Type="{_PROFILE}#PasswordDigest">{{digest}}</wsse:Password>'
    f'<wsse:Nonce EncodingType="{OASIS}-soap-message-security-1.0#Base64Binary">{{nonce}}</wsse:Nonce>'
    "<wsu:Created>{created}</wsu:Created>"
)


class UsernameToken(SecurityToken):
    """The settings `username` and `password` in the message's security header.

    With `digest` the password itself is not sent, only a hash of it with a nonce that is valid once.
    """

    needs = ("username", "password")

    def __init__(self, *, digest: bool = False) -> None:
        self.digest = digest

    def block(self, access: Access) -> Block:
        username, password = secret(access.settings.username), secret(access.settings.password)
        proof = _by_digest if self.digest else _by_text
        return lambda: _BLOCK.format(username=escape(username.text), proof=proof(password.text))

    def __str__(self) -> str:
        return f"WS-Security UsernameToken ({'digest' if self.digest else 'text'})"


def _by_text(password: str) -> str:
    return _TEXT.format(password=escape(password))


def _by_digest(password: str) -> str:
    nonce, created = os.urandom(16), instant(time.time())
    digest = hashlib.sha1(nonce + created.encode() + password.encode()).digest()  # noqa: S324  # prescribed by the profile
    return _DIGEST.format(digest=_base64(digest), nonce=_base64(nonce), created=created)


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
