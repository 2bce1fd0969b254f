"""Define calls to a backend, their limits and the replies, free of any HTTP library."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

__all__ = ["Call", "CallLimits", "Reply"]


@dataclass(slots=True)
class Call:
    """One request to a backend. `path` is appended to the backend's address; `query` is already encoded.

    `repr` shows only method and path, because the other fields may hold credentials and personal data.
    `safe` marks a call that may reach the backend twice without harm; GET and HEAD always are.

    For credentials: `scope` is the OAuth2 scope that the operation needs; `caller` holds the headers of the viewer
    that the call is made for (names in lower case), None where it is made for no viewer; `enclosing` writes the body
    again around header blocks of a SOAP message.
    """

    method: str
    path: str
    query: str = field(default="", repr=False)
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    safe: bool = False
    scope: str = ""
    caller: Mapping[str, str] | None = field(default=None, repr=False)
    enclosing: Callable[[str], bytes] | None = field(default=None, repr=False)

    def adding(self, headers: Mapping[str, str], *, query: str | None = None, body: bytes | None = None) -> Call:
        """Return a copy with these headers added, and with another query or body if one is passed.

        The original stays unchanged, because a retry signs it again. All fields are passed on by hand: `copy` and
        `dataclasses.replace` take ten times as long, once for every attempt.
        """
        query = self.query if query is None else query
        body = self.body if body is None else body
        sent = {**self.headers, **headers}
        return Call(self.method, self.path, query, sent, body, self.safe, self.scope, self.caller, self.enclosing)

    @property
    def repeatable(self) -> bool:
        return self.safe or self.method in ("GET", "HEAD")


@dataclass(slots=True)
class Reply:
    """A complete reply: the body is whole, decompressed and within the size limit. Header names are lower case.

    `repr` shows only the status.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class CallLimits:
    """Seconds and bytes for one call. `total` covers everything from connecting to the last byte of the body."""

    total: float = 5.0
    connect: float = 1.0
    reply: int = 10_000_000
