"""Sign in by OAuth2 client credentials (RFC 6749 section 4.4), with one shared token for each set of scopes."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Awaitable, Callable
from urllib.parse import quote, urlencode

import msgspec

from graphfold.credentials.access_token import AccessToken, Issued
from graphfold.credentials.credential import Access, Credential, secret
from graphfold.errors import (
    BackendBadReply,
    BackendBusy,
    BackendContract,
    BackendCredentials,
    BackendError,
    BackendUnavailable,
)
from graphfold.secret import Secret
from graphfold.transport.call import Call, Reply
from graphfold.transport.connection_errors import Unsent
from graphfold.transport.headers import retry_after
from graphfold.transport.redaction import SecretForm, secret_forms
from graphfold.transport.session import Send, Session

__all__ = ["ClientCredentials"]


class ClientCredentials(Credential):
    """The settings `client_id` and `client_secret`, exchanged for a bearer token.

    Tokens are issued at `token_path` below the backend's address or, where it is set, at GRAPHFOLD_<BACKEND>_TOKEN_URL.
    `scope` is for operations that declare none of their own (`@read(scope="orders:read")`). A token is renewed `skew`
    seconds before it expires.
    """

    needs = ("client_id", "client_secret")
    places = ("authorization",)
    scoped = True

    def __init__(self, token_path: str = "", *, scope: str = "", skew: float = 30.0) -> None:
        self.token_path, self.scope, self.skew = token_path, scope, skew

    def session(self, access: Access) -> Session:
        own = access.settings
        send, path = access.reach(own.token_url or own.url or ""), "" if own.token_url else self.token_path
        own_secret = secret(own.client_secret)
        client = _TokenClient(path, secret(own.client_id), own_secret, send)
        return _Tokens(
            self.scope, own_secret, lambda scope: AccessToken(client.issuing(scope), access.clock, self.skew)
        )

    def scope_of(self, declared: str) -> str:
        return " ".join(sorted((declared or self.scope).split()))

    def __str__(self) -> str:
        return "OAuth2 client credentials"


class _Tokens(Session):
    def __init__(self, scope: str, secret: Secret, new: Callable[[str], AccessToken]) -> None:
        self._scope, self._secret, self._new = scope, secret, new
        self._tokens: dict[str, AccessToken] = {}

    def signed(self, call: Call) -> Call | None:
        text = self._token(call).current()
        return None if text is None else call.adding({"authorization": f"Bearer {text}"})

    def secrets(self, signed: Call) -> tuple[SecretForm, ...]:
        return secret_forms(self._secret.text, signed.headers["authorization"].removeprefix("Bearer "))

    async def fetched(self, call: Call) -> Call:
        return call.adding({"authorization": f"Bearer {await self._token(call).next()}"})

    async def renewed(self, call: Call, refused: Call) -> Call | None:
        refused_token = refused.headers["authorization"].removeprefix("Bearer ")
        text = await self._token(call).next(refused_token)
        return None if text == refused_token else call.adding({"authorization": f"Bearer {text}"})

    def _token(self, call: Call) -> AccessToken:
        scope = call.scope or self._scope
        token = self._tokens.get(scope)
        if token is None:  # the order of scopes does not matter: equal sets share a token
            ordered = " ".join(sorted(scope.split()))
            token = self._tokens[scope] = self._tokens[ordered] = self._tokens.get(ordered) or self._new(ordered)
        return token


class _TokenClient:
    """Requests tokens from the token endpoint with our client id and secret."""

    def __init__(self, path: str, id: Secret, secret: Secret, send: Send) -> None:
        self._path, self._id, self._secret, self._send = path, id, secret, send

    def issuing(self, scope: str) -> Callable[[], Awaitable[Issued]]:
        form = {"grant_type": "client_credentials", **({"scope": scope} if scope else {})}
        body = urlencode(form).encode()

        async def issue() -> Issued:
            return _issued(await self._send(Call("POST", self._path, headers=self._headers(), body=body, safe=True)))

        return issue

    def _headers(self) -> dict[str, str]:
        pair = ":".join(quote(part.text, safe="") for part in (self._id, self._secret))
        return {
            "authorization": "Basic " + b64encode(pair.encode()).decode(),
            "content-type": "application/x-www-form-urlencoded",
            "accept": "application/json",
        }


class _Throttled(Unsent, BackendBusy):
    """The token endpoint answered 429. `Unsent`: it says nothing about the backend, which needs no pause."""


class _TokenReply(msgspec.Struct):
    access_token: str
    token_type: str = "Bearer"  # noqa: S105  # the name of a scheme, not a secret
    expires_in: float = 60.0


def _issued(reply: Reply) -> Issued:
    if not reply.ok:
        raise _refusal(reply)
    try:
        answer = msgspec.json.decode(
            reply.body, type=_TokenReply, strict=False
        )  # not strict: some servers send "3600" as text
    except msgspec.ValidationError:
        raise _contract_broken("no token in the reply") from None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise BackendBadReply("The backend's sign-in sent an invalid reply.", internal="no JSON in the reply") from None
    if answer.token_type.lower() != "bearer":
        raise _contract_broken("a token type other than bearer")
    if not answer.access_token or not (answer.access_token.isascii() and answer.access_token.isprintable()):
        raise _contract_broken("a token with characters that a header cannot contain")
    return Issued(answer.access_token, max(answer.expires_in, 0.0))


def _contract_broken(what: str) -> BackendContract:
    return BackendContract("The backend's sign-in reply does not have the agreed form.", internal=what)


def _refusal(reply: Reply) -> BackendError:
    internal = f"token request: {reply.status}"
    if reply.status in (400, 401, 403):
        return BackendCredentials("The backend refuses our credentials.", internal=internal)
    if reply.status == 429:
        until = retry_after(reply.headers)
        return _Throttled(
            "The backend's sign-in accepts no more calls at the moment.", retry_after=until, internal=internal
        )
    return BackendUnavailable("The backend's sign-in failed.", internal=internal)
