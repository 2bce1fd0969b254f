"""What must not be seen: a text that is in every secret of a trial, and words that only the backend says."""

from __future__ import annotations

from graphfold.testing.alignments import in_base64

__all__ = ["CANARY", "RAW", "shows_credential"]

CANARY = "canary-7c1f"
"""In every secret, the caller's among them. URLs, XML and JSON write it as it stands here."""

RAW = "the-backends-own-words"


def shows_credential(text: str) -> bool:
    """Whether the canary is anywhere in it, as it is or inside of something in base64."""
    return any(form in text for form in _FORMS)


_FORMS = (CANARY, *in_base64(CANARY))
