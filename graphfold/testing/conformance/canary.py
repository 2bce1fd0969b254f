"""What must not be seen: a text that is in every secret of a trial, and words that only the backend says."""

from __future__ import annotations

from base64 import b64encode

__all__ = ["CANARY", "RAW", "shows_credential"]

CANARY = "canary-7c1f"
"""In every secret, the caller's among them. URLs, XML and JSON write it as it stands here."""

RAW = "the-backends-own-words"


def shows_credential(text: str) -> bool:
    """Whether the canary is anywhere in it, as it is or inside of something in base64."""
    return any(form in text for form in _FORMS)


def _encoded(before: int) -> str:
    """What base64 makes of the canary where so many bytes stand before it, without what depends on its neighbours."""
    first, last = -(-before * 8 // 6), (before + len(CANARY)) * 8 // 6
    return b64encode(bytes(before) + CANARY.encode()).decode()[first:last]


_FORMS = (CANARY, *map(_encoded, range(3)))
