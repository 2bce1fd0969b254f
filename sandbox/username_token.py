"""WS-Security UsernameToken 1.0 in both forms: plain password, or digest with nonce and creation time."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

from lxml import etree

from sandbox.envelopes import Blame, Element, SoapFault

WSS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
WSSE = f"{WSS}wssecurity-secext-1.0.xsd"
WSU = f"{WSS}wssecurity-utility-1.0.xsd"
DIGEST = f"{WSS}username-token-profile-1.0#PasswordDigest"
SECURITY = f"{{{WSSE}}}Security"
FRESH = timedelta(minutes=5)

etree.register_namespace("wsse", WSSE)  # so that the fault code reads as everybody writes it


def check_username_token(header: Element | None, username: str, password: str) -> None:
    """Raise a wsse:FailedAuthentication fault unless the header has this user's token."""
    token = header.find(f"{SECURITY}/{{{WSSE}}}UsernameToken") if header is not None else None
    if token is None or _text(token, WSSE, "Username") != username or not _has_password(token, password):
        code = etree.QName(WSSE, "FailedAuthentication")
        raise SoapFault(Blame.CLIENT, "The security token could not be authenticated", code=code)


def _has_password(token: Element, password: str) -> bool:
    element = token.find(f"{{{WSSE}}}Password")
    if element is None:
        return False
    expected = _digest(token, password) if element.get("Type") == DIGEST else password
    return expected is not None and hmac.compare_digest((element.text or "").encode(), expected.encode())


def _digest(token: Element, password: str) -> str | None:
    """Return Base64(SHA-1(nonce + created + password)), or None if the token is stale or incomplete."""
    nonce, created = _text(token, WSSE, "Nonce"), _text(token, WSU, "Created")
    try:
        age = datetime.now(UTC) - datetime.fromisoformat(created)
        seed = base64.b64decode(nonce, validate=True)
    except (ValueError, TypeError, binascii.Error):
        return None
    if not seed or abs(age) > FRESH:
        return None
    return base64.b64encode(hashlib.sha1(seed + created.encode() + password.encode()).digest()).decode()


def _text(token: Element, namespace: str, name: str) -> str:
    return token.findtext(f"{{{namespace}}}{name}") or ""
