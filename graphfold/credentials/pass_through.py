"""The caller's own credentials, handed on: the backend decides what this caller may see."""

from __future__ import annotations

from graphfold.credentials.credential import Access, Credential
from graphfold.errors import Unauthenticated
from graphfold.mistakes import Mistake, author_location
from graphfold.transport.call import Call
from graphfold.transport.connection_errors import Unsent
from graphfold.transport.redaction import SecretForm, caller_secret_forms
from graphfold.transport.session import Session

__all__ = ["PassThrough"]


class PassThrough(Credential):
    """The header that the caller sent, as it came. Who sends none is told to sign in, and the backend is not asked.

    Answers are kept apart by it: operations of the adapter have share="viewer", the adapter identity="viewer".
    """

    def __init__(self, header: str = "authorization") -> None:
        self.header = header.lower()
        self.caller_headers = self.places = (self.header,)
        if not self.header.replace("-", "").isalnum():
            raise Mistake(
                author_location(),
                "PassThrough: this is not the name of a header",
                why="it names the caller's header that goes on to the backend.",
                fix='write PassThrough() for Authorization, or e.g. PassThrough("x-session").',
            )

    def session(self, access: Access) -> Session:
        return _Caller(self.header)

    def __str__(self) -> str:
        return f"the caller's {self.header} header"


class _NotSignedIn(Unsent, Unauthenticated):
    """There is nothing to hand on."""


class _Caller(Session):
    def __init__(self, header: str) -> None:
        self._header = header

    def signed(self, call: Call) -> Call:
        if call.caller is None:  # nobody's call: a probe, which wants to know whether anybody answers
            return call
        told = call.caller.get(self._header)
        if not told:
            raise _NotSignedIn("Sign in: this is answered only to those who do.", internal=f"no {self._header}")
        return call.adding({self._header: told})

    def secrets(self, signed: Call) -> tuple[SecretForm, ...]:
        told = signed.headers.get(self._header)
        return caller_secret_forms({self._header: told}) if told else ()
