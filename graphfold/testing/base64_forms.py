"""How base64 writes a text that stands somewhere inside of what is encoded."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator

__all__ = ["base64_forms"]


def base64_forms(text: str) -> Iterator[str]:
    """What is always the same of it, whatever stands before and after: that shifts the bits by none, two or four."""
    plain = text.encode()
    for before in range(3):
        first, last = -(-before * 8 // 6), (before + len(plain)) * 8 // 6
        for encode in (b64encode, urlsafe_b64encode):
            yield encode(bytes(before) + plain).decode()[first:last]
