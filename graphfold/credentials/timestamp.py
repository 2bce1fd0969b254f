"""Add a WS-Security Timestamp, after which a backend refuses the message."""

from __future__ import annotations

import os
import time

from graphfold.credentials.credential import Access
from graphfold.credentials.ws_security import Block, SecurityToken, instant

__all__ = ["Timestamp"]

_BLOCK = (
    '<wsu:Timestamp wsu:Id="TS-{id}"><wsu:Created>{created}</wsu:Created><wsu:Expires>{expires}</wsu:Expires>'
    "</wsu:Timestamp>"
)


class Timestamp(SecurityToken):
    """The time at which the message was written, and its expiry `seconds` later."""

    def __init__(self, seconds: int = 300) -> None:
        self.seconds = seconds

    def block(self, access: Access) -> Block:
        return self._written

    def __str__(self) -> str:
        return f"WS-Security Timestamp ({self.seconds} s)"

    def _written(self) -> str:
        now = time.time()
        return _BLOCK.format(id=os.urandom(8).hex(), created=instant(now), expires=instant(now + self.seconds))
