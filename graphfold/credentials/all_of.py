"""Combine several credentials, for example a client certificate and a token."""

from __future__ import annotations

from graphfold.credentials.credential import Access, Credential
from graphfold.mistakes import Mistake, author_location
from graphfold.transport.call import Call
from graphfold.transport.redaction import SecretForm
from graphfold.transport.session import Session

__all__ = ["AllOf"]


class AllOf(Credential):
    """`AllOf(ClientCertificate(), ClientCredentials("/oauth/token"))`: applied to each call in this order.

    A credential that signs the call must come after those that change it: `AllOf(UsernameToken(), HmacSignature())`.
    """

    def __init__(self, *credentials: Credential) -> None:
        self.credentials = credentials
        self.places = tuple(place for each in credentials for place in each.places)
        twice = next((place for place in self.places if self.places.count(place) > 1), None)
        if twice is not None or len(credentials) < 2:
            raise Mistake(
                author_location(),
                f"AllOf: two credentials use {twice}" if twice else "AllOf: it needs at least two credentials",
                why="the second would overwrite the first.",
                fix="remove one; combine parts of WS-Security in one header: WsSecurity(Timestamp(), UsernameToken()).",
            )
        self.needs = tuple(dict.fromkeys(need for each in credentials for need in each.needs))
        self.caller_headers = tuple(name for each in credentials for name in each.caller_headers)
        self.scoped = any(each.scoped for each in credentials)

    def session(self, access: Access) -> Session:
        return _Several([each.session(access) for each in self.credentials])

    def scope_of(self, declared: str) -> str:
        return next((each.scope_of(declared) for each in self.credentials if each.scoped), "")

    def __str__(self) -> str:
        return ", ".join(map(str, self.credentials))


class _Several(Session):
    def __init__(self, sessions: list[Session]) -> None:
        self._sessions = sessions

    def signed(self, call: Call) -> Call | None:
        signed: Call | None = call
        for session in self._sessions:
            signed = session.signed(signed) if signed is not None else None
        return signed

    def secrets(self, signed: Call) -> tuple[SecretForm, ...]:
        return tuple(secret for session in self._sessions for secret in session.secrets(signed))

    async def fetched(self, call: Call) -> Call:
        for session in self._sessions:
            call = session.signed(call) or await session.fetched(call)
        return call

    async def renewed(self, call: Call, refused: Call) -> Call | None:
        renewed = False
        for session in self._sessions:
            # One renewal is enough for one more attempt; the sessions after it only sign the changed call.
            again = None if renewed else await session.renewed(call, refused)
            renewed = renewed or again is not None
            call = again or session.signed(call) or await session.fetched(call)
        return call if renewed else None
