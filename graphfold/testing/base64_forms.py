"""The ways in which base64 spells a text that is part of a longer encoded text."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator

__all__ = ["base64_forms"]


def base64_forms(text: str) -> Iterator[str]:
    """Yield the base64 characters that `text` always has, whatever is encoded before and after it.

    Base64 makes four characters of three bytes, so a text has three spellings, by its offset modulo three. The
    characters at either end of it may hold bits of its neighbours too and are left out.
    """
    raw = text.encode()
    for offset in range(3):
        # 8 bits a byte, 6 a character: the ceiling skips the character shared with what precedes the text, the floor
        # the one shared with what follows.
        first, end = -(-offset * 8 // 6), (offset + len(raw)) * 8 // 6
        for encode in (b64encode, urlsafe_b64encode):
            yield encode(bytes(offset) + raw).decode()[first:end]
