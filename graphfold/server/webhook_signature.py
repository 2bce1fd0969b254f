"""Signs and verifies webhooks by https://www.standardwebhooks.com: an id, a time, and an HMAC of both and the body.

A message is accepted within five minutes of its time, and once, so that a recorded message cannot be replayed.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import time
from base64 import b64decode, b64encode
from collections.abc import Mapping
from contextlib import suppress

from cachetools import TTLCache

from graphfold.secret import Secret
from graphfold.server.requests import RequestRejected

__all__ = ["WebhookVerifier", "sign_webhook"]

TOLERANCE = 300
"""Seconds by which a message's time may differ from ours."""

MAX_IDS = 100_000
"""Ids remembered to recognise a replay, each for twice the tolerance."""

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"


def sign_webhook(secret: str, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the headers of a signed message."""
    return {ID: message_id, TIMESTAMP: str(timestamp), SIGNATURE: _signature(secret, message_id, str(timestamp), body)}


class WebhookVerifier:
    """Verifies messages with one secret, a text of any kind, or bytes as `whsec_` and base64."""

    def __init__(self, secret: Secret) -> None:
        self._secret = secret
        self._seen: TTLCache[str, None, float] = TTLCache(MAX_IDS, 2 * TOLERANCE, time.monotonic)

    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        """Raise `RequestRejected` unless the message is signed with the secret and recent."""
        message_id, timestamp, signatures = (headers.get(name, "") for name in (ID, TIMESTAMP, SIGNATURE))
        if not (message_id and timestamp and signatures):
            raise _rejected(f"The message is not signed: send {ID}, {TIMESTAMP} and {SIGNATURE}.")
        expected = _signature(self._secret.text, message_id, timestamp, body).encode()
        # `compare_digest` takes equally long wherever the texts differ, so its time does not help to guess a signature.
        # Several signatures may be sent, separated by spaces, while a secret is being replaced.
        if not any(hmac.compare_digest(expected, signature.encode()) for signature in signatures.split()):
            raise _rejected("The signature is wrong.")
        # The signature covers the time, which can only be trusted now.
        if not timestamp.isdecimal() or abs(time.time() - int(timestamp[:20])) > TOLERANCE:
            raise _rejected(f"{TIMESTAMP} is more than {TOLERANCE} seconds away from our time.")

    def is_new(self, headers: Mapping[str, str]) -> bool:
        """Return whether no message with this id has been passed to `remember`."""
        return headers[ID] not in self._seen

    def remember(self, headers: Mapping[str, str]) -> None:
        self._seen[headers[ID]] = None


def _signature(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    content = b"%b.%b.%b" % (message_id.encode(), timestamp.encode(), body)
    key = secret.encode()
    if secret.startswith("whsec_"):
        with suppress(binascii.Error):  # not base64: a text that happens to begin like this
            key = b64decode(secret.removeprefix("whsec_"), validate=True)
    return "v1," + b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def _rejected(message: str) -> RequestRejected:
    return RequestRejected(401, message, code="UNAUTHENTICATED")
