"""The security header of a SOAP message (OASIS WS-Security 1.1), put together and written anew for every attempt."""

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
"""The place of all that stands in the message: there is one such header, and only SOAP has it."""

Block = Callable[[], str]
"""One element of the header, fresh each time. The prefixes `wsse` and `wsu` are declared around it."""

Seal = Callable[[bytes], bytes]
"""A whole message to the same with a signature."""


class SecurityToken(Credential):
    """A part of the header; alone it is a credential, too."""

    places = (MESSAGE,)

    def block(self, access: Access) -> Block | None:
        """What writes its element, if it has one."""
        return None

    def seal(self, access: Access) -> Seal | None:
        """What is done to the message when its header is complete."""
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
            if call.method == "GET":  # a probe, which asks for the WSDL
                return call
            raise BackendContract("The backend cannot be asked.", internal="WS-Security is for SOAP messages only")
        body = call.enclosing(_HEADER.format("".join([block() for block in self._blocks])))
        for seal in self._seals:
            body = seal(body)
        return call.adding({}, body=body)

    def secrets(self, signed: Call) -> tuple[SecretForm, ...]:
        return secret_forms(self._password.text)


def instant(seconds: float) -> str:
    """Seconds since 1970 as WS-Security writes a time."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
