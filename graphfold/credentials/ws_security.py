"""Write the security header of a SOAP message (OASIS WS-Security 1.1), anew for every attempt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from graphfold.credentials.credential import Access, Credential, secret
from graphfold.errors import BackendContract
from graphfold.transport.call import Call
from graphfold.transport.redaction import SecretForm, secret_forms
from graphfold.transport.session import Session

__all__ = ["MESSAGE", "OASIS", "SECURITY", "Block", "Seal", "SecurityToken", "WsSecurity", "instant"]

OASIS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss"
SECURITY, UTILITY = f"{OASIS}-wssecurity-secext-1.0.xsd", f"{OASIS}-wssecurity-utility-1.0.xsd"

_HEADER = f'<wsse:Security xmlns:wsse="{SECURITY}" xmlns:wsu="{UTILITY}">{{}}</wsse:Security>'

MESSAGE = "WS-Security"
"""The place of all parts of the header: a message has one such header, and only SOAP has it."""

Block = Callable[[], str]
"""One element of the header, fresh each time. The prefixes `wsse` and `wsu` are declared around it."""

Seal = Callable[[bytes], bytes]
"""Takes a whole message and returns it with a signature."""


class SecurityToken(Credential):
    """One part of the header, which may also be used alone as a credential."""

    places = (MESSAGE,)

    def block(self, access: Access) -> Block | None:
        """Return a function that writes its element, or None if it has none."""
        return None

    def seal(self, access: Access) -> Seal | None:
        """Return a function that signs the message once its header is complete, or None."""
        return None

    def session(self, access: Access) -> Session:
        return _Messages(access, [self])


class WsSecurity(Credential):
    """Several parts in one header: `WsSecurity(Timestamp(), UsernameToken(digest=True), Signature())`."""

    places = (MESSAGE,)

    def __init__(self, *tokens: SecurityToken) -> None:
        self.tokens = tokens
        self.needs = tuple(dict.fromkeys(need for token in tokens for need in token.needs))

    def session(self, access: Access) -> Session:
        return _Messages(access, self.tokens)

    def __str__(self) -> str:
        return ", ".join(map(str, self.tokens))


class _Messages(Session):
    def __init__(self, access: Access, tokens: Sequence[SecurityToken]) -> None:
        self._password = secret(access.settings.password)
        self._blocks = [block for token in tokens if (block := token.block(access)) is not None]
        self._seals = [seal for token in tokens if (seal := token.seal(access)) is not None]

    def signed(self, call: Call) -> Call:
        if call.enclosing is None:
            if call.method == "GET":  # a probe, which fetches the WSDL
                return call
            raise BackendContract("The backend cannot be called.", internal="WS-Security is for SOAP messages only")
        body = call.enclosing(_HEADER.format("".join([block() for block in self._blocks])))
        for seal in self._seals:
            body = seal(body)
        return call.adding({}, body=body)

    def secrets(self, signed: Call) -> tuple[SecretForm, ...]:
        return secret_forms(self._password.text)


def instant(seconds: float) -> str:
    """Format seconds since 1970 as a WS-Security time."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
