"""The two forms of the Authorization header that the backends read."""

from __future__ import annotations

import base64
import binascii

from sandbox.messages import Request


def bearer(request: Request) -> str:
    """The request's bearer token, empty when it carries none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def basic(request: Request) -> tuple[str, str] | None:
    """User and password of HTTP Basic, None when they are absent or unreadable."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return user, password
