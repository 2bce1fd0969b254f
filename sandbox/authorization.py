"""Read the bearer and basic forms of the Authorization header."""

from __future__ import annotations

import base64
import binascii

from sandbox.messages import Request


def bearer(request: Request) -> str:
    """Return the request's bearer token, or an empty string if it has none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def basic(request: Request) -> tuple[str, str] | None:
    """Return user name and password of HTTP Basic, or None if they are absent or malformed."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return user, password
