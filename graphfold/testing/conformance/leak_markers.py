"""Texts planted in a trial's secrets and in its backend's replies, so that a leak of either can be found."""

from __future__ import annotations

from graphfold.testing.base64_forms import base64_forms

__all__ = ["BACKEND_TEXT_MARKER", "SECRET_MARKER", "contains_secret"]

SECRET_MARKER = "canary-7c1f"  # noqa: S105  # not a password: a text to search for
"""Part of every secret of a trial, the caller's included. URLs, XML and JSON write it without escapes."""

BACKEND_TEXT_MARKER = "the-backends-own-words"
"""Part of what the backend says when it refuses. It must not reach the client."""

_SPELLINGS = (SECRET_MARKER, *base64_forms(SECRET_MARKER))


def contains_secret(text: str) -> bool:
    """Return whether the text contains the secret marker, in plain or inside something in base64."""
    return any(spelling in text for spelling in _SPELLINGS)
