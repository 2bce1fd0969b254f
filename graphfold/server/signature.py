"""Signed webhooks, as https://www.standardwebhooks.com describes them: an id, a time, and an HMAC of both and the body.

A message is taken within five minutes of its time, and once: what was heard on the wire cannot be sent again.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import time
from base64 import b64decode, b64encode
from collections.abc import Mapping

from cachetools import TTLCache

from graphfold.secret import Secret
from graphfold.server.requests import Refused

__all__ = ["Receiver", "signed"]

TOLERANCE = 300
"""Seconds that a message's time may be away from ours."""

MOST_IDS = 100_000

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"


def signed(secret: str, ident: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers of a message."""
    return {ID: ident, TIMESTAMP: str(timestamp), SIGNATURE: _signature(secret, ident, str(timestamp), body)}


class Receiver:
    """Checks what is received. The secret is a text of any kind, or bytes as `whsec_` and base64."""

    def __init__(self, secret: Secret) -> None:
        self._secret = secret
        self._seen: TTLCache[str, None, float] = TTLCache(MOST_IDS, 2 * TOLERANCE, time.monotonic)

    def check(self, headers: Mapping[str, str], body: bytes) -> None:
        """Raises `Refused` where nobody we know can have sent this just now."""
        ident, sent, signatures = (headers.get(name, "") for name in (ID, TIMESTAMP, SIGNATURE))
        if not (ident and sent and signatures):
            raise _refused(f"The message is not signed: send {ID}, {TIMESTAMP} and {SIGNATURE}.")
        right = _signature(self._secret.text, ident, sent, body).encode()
        if not any(hmac.compare_digest(right, given.encode()) for given in signatures.split()):
            raise _refused("The signature is wrong.")
        if not sent.isdecimal() or abs(time.time() - int(sent[:20])) > TOLERANCE:
            raise _refused(f"{TIMESTAMP} is more than {TOLERANCE} seconds away from our time.")

    def is_new(self, headers: Mapping[str, str]) -> bool:
        """Whether no message with this id has been taken; `take` says that one was."""
        return headers[ID] not in self._seen

    def take(self, headers: Mapping[str, str]) -> None:
        self._seen[headers[ID]] = None


def _signature(secret: str, ident: str, timestamp: str, body: bytes) -> str:
    content = b"%b.%b.%b" % (ident.encode(), timestamp.encode(), body)
    return "v1," + b64encode(hmac.new(_key(secret), content, hashlib.sha256).digest()).decode()


def _key(secret: str) -> bytes:
    if secret.startswith("whsec_"):
        try:
            return b64decode(secret.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            pass  # a text that only looks like it
    return secret.encode()


def _refused(message: str) -> Refused:
    return Refused(401, message, code="UNAUTHENTICATED")
