"""OAuth2 client credentials (RFC 6749 section 4.4): one token for all calls, fetched once however many wait for it."""

from __future__ import annotations

import asyncio
import time
from base64 import b64encode
from collections.abc import Mapping
from urllib.parse import quote, urlencode

import msgspec

from graphfold.credentials.credential import Credential, secret
from graphfold.errors import BackendBadReply, BackendCredentials, BackendUnavailable
from graphfold.settings import BackendSettings
from graphfold.transport.call import Call, Reply
from graphfold.transport.session import Send, Session

__all__ = ["ClientCredentials"]

_MARGIN = 5.0  # seconds before its expiry that a token is no longer used: clocks differ and calls take time


class _Token(msgspec.Struct):
    access_token: str
    expires_in: float = 60.0


class ClientCredentials(Credential):
    """The settings `client_id` and `client_secret`, exchanged at the backend's token path for a bearer token."""

    needs = ("client_id", "client_secret")

    def __init__(self, token_path: str, *, scope: str | None = None) -> None:
        self.token_path, self.scope = token_path, scope

    def session(self, settings: BackendSettings, send: Send) -> Session:
        client = (secret(settings.client_id), secret(settings.client_secret))
        return _TokenSession(self.token_path, self.scope, client, send)


class _TokenSession(Session):
    def __init__(self, path: str, scope: str | None, client: tuple[str, str], send: Send) -> None:
        form = {"grant_type": "client_credentials", **({"scope": scope} if scope else {})}
        pair = ":".join(quote(part, safe="") for part in client)
        headers = {
            "authorization": "Basic " + b64encode(pair.encode()).decode(),
            "content-type": "application/x-www-form-urlencoded",
            "accept": "application/json",
        }
        self._call = Call("POST", path, headers=headers, body=urlencode(form).encode(), safe=True)
        self._send = send
        self._lock = asyncio.Lock()
        self._header: dict[str, str] = {}
        self._expires = 0.0

    async def headers(self) -> Mapping[str, str]:
        if time.monotonic() >= self._expires:
            async with self._lock:
                if time.monotonic() >= self._expires:
                    await self._fetch()
        return self._header

    async def renew(self, refused: Mapping[str, str]) -> bool:
        async with self._lock:
            if self._header is refused:
                await self._fetch()
        return True

    async def _fetch(self) -> None:
        asked = time.monotonic()
        token = _read(await self._send(self._call))
        self._header = {"authorization": f"Bearer {token.access_token}"}
        self._expires = asked + max(token.expires_in - _MARGIN, token.expires_in / 2)


def _read(reply: Reply) -> _Token:
    if reply.status in (400, 401, 403):
        raise BackendCredentials("The backend refuses our credentials.", internal=f"token request: {reply.status}")
    if not reply.ok:
        raise BackendUnavailable("The backend's sign-in failed.", internal=f"token request: {reply.status}")
    try:
        return msgspec.json.decode(reply.body, type=_Token, strict=False)  # some say "3600"
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise BackendBadReply("The backend's sign-in answered nonsense.", internal="no token in the reply") from None
