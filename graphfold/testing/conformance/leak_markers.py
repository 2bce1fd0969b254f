"""Texts planted in a trial's secrets and in its backend's replies, so that a leak of either can be found."""

from __future__ import annotations

from graphfold.testing.base64_forms import base64_forms

__all__ = ["BACKEND_TEXT_MARKER", "SECRET_MARKER", "contains_secret"]

SECRET_MARKER = "canary-7c1f"  # noqa: S105  # no password: a text to search for
"""Part of every secret of a trial, the caller's included. It needs no escaping in URLs, XML and JSON."""

BACKEND_TEXT_MARKER = "the-backends-own-words"


def contains_secret(text: str) -> bool:
    """Return whether the text contains the secret marker, in plain or as part of something in base64."""
    return any(form in text for form in _FORMS)


_FORMS = (SECRET_MARKER, *base64_forms(SECRET_MARKER))
