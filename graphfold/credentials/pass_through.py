"""Pass on the caller's own credentials: the backend decides what this caller may see."""

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
    """The caller's header, unchanged. Without it a call raises UNAUTHENTICATED, and nothing is sent to the backend.

    Replies are cached for each viewer: operations of the adapter have share="viewer", the adapter identity="viewer".
    """

    def __init__(self, header: str = "authorization") -> None:
        self.header = header.lower()
        self.caller_headers = self.places = (self.header,)
        if not self.header.replace("-", "").isalnum():
            raise Mistake(
                author_location(),
                "PassThrough: the argument is not a header name",
                why="it names the caller's header that is forwarded to the backend.",
                fix='write PassThrough() for Authorization, or e.g. PassThrough("x-session").',
            )

    def session(self, access: Access) -> Session:
        return _Caller(self.header)

    def __str__(self) -> str:
        return f"the caller's {self.header} header"


class _NotSignedIn(Unsent, Unauthenticated):
    """The caller sent no credentials."""


class _Caller(Session):
    def __init__(self, header: str) -> None:
        self._header = header

    def signed(self, call: Call) -> Call:
        if call.caller is None:  # a probe, made for no caller: it checks only whether the backend replies
            return call
        credential = call.caller.get(self._header)
        if not credential:
            raise _NotSignedIn("Sign in: this needs a signed-in caller.", internal=f"no {self._header}")
        return call.adding({self._header: credential})

    def secrets(self, signed: Call) -> tuple[SecretForm, ...]:
        credential = signed.headers.get(self._header)
        return caller_secret_forms({self._header: credential}) if credential else ()
