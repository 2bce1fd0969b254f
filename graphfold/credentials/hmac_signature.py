"""Sign requests with a shared key: HTTP Message Signatures (RFC 9421) with hmac-sha256.

The signature base is, line by line, as RFC 9421 section 2.5 writes it:

    "@method": POST
    "@authority": shop.example
    "@path": /v2/orders
    "@query": ?dry=1
    "content-digest": sha-256=:<base64 of the body's SHA-256>:     (RFC 9530)
    "@signature-params": ("@method" ... "content-digest");created=...;expires=...;nonce="...";keyid="...";alg="..."

`created` is our clock in seconds, `expires` the end of the window in which the backend accepts it, `nonce` a
value that is used once.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import time
from base64 import b64encode

from graphfold.credentials.credential import Access, Credential, secret
from graphfold.mistakes import Mistake, author_location
from graphfold.secret import Secret
from graphfold.transport.address import Address
from graphfold.transport.call import Call
from graphfold.transport.redaction import SecretForm, secret_forms
from graphfold.transport.session import Session

__all__ = ["HmacSignature"]

_COVERED = '("@method" "@authority" "@path" "@query" "content-digest")'


class HmacSignature(Credential):
    """The settings `key_id` and `secret_key`. A signature is valid for `window` seconds by our clock."""

    needs = ("key_id", "secret_key")
    places = ("signature",)

    def __init__(self, *, window: int = 300) -> None:
        if not (isinstance(window, int) and window > 0):
            raise Mistake(
                author_location(),
                f"HmacSignature: window={window!r} is not valid",
                why="the window is the number of seconds that a signature is valid.",
                fix="write a whole number from 1, or leave it out for the default of 300.",
            )
        self.window = window

    def session(self, access: Access) -> Session:
        own = access.settings
        return _HmacSigningSession(Address(own.url or ""), secret(own.key_id), secret(own.secret_key), self.window)

    def __str__(self) -> str:
        return f"HMAC signature (RFC 9421, {self.window} s)"


class _HmacSigningSession(Session):
    def __init__(self, address: Address, key_id: Secret, key: Secret, window: int) -> None:
        self._address, self._key_id, self._key, self._window = address, key_id, key, window

    def signed(self, call: Call) -> Call:
        digest = f"sha-256=:{_base64(hashlib.sha256(call.body).digest())}:"
        parameters = self._parameters()
        base = "\n".join([*self._lines(call), f'"content-digest": {digest}', f'"@signature-params": {parameters}'])
        mac = hmac.digest(self._key.text.encode(), base.encode(), "sha256")
        return call.adding(
            {"content-digest": digest, "signature-input": f"sig1={parameters}", "signature": f"sig1=:{_base64(mac)}:"}
        )

    def secrets(self, signed: Call) -> tuple[SecretForm, ...]:
        return secret_forms(self._key.text)

    def _lines(self, call: Call) -> list[str]:
        path, _, query = self._address.target(call).partition("?")
        authority = self._address.authority
        return [f'"@method": {call.method}', f'"@authority": {authority}', f'"@path": {path}', f'"@query": ?{query}']

    def _parameters(self) -> str:
        created = int(time.time())
        fixed = f'nonce="{os.urandom(12).hex()}";keyid="{self._key_id.text}";alg="hmac-sha256"'
        return f"{_COVERED};created={created};expires={created + self._window};{fixed}"


def _base64(value: bytes) -> str:
    return b64encode(value).decode()
