"""What goes out and what comes back, free of any HTTP library."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

__all__ = ["Call", "Reply"]


@dataclass(slots=True)
class Call:
    """One request to a backend. `path` is appended to the backend's address; `query` is already encoded.

    Only method and path print: credentials and people's data are in the rest.
    `safe` says that it does no harm if the backend gets it twice; GET and HEAD are so without saying.
    For credentials: `scope` is what the operation has to be allowed, `caller` the headers of whoever it is made for
    (names in lower case; None: for nobody), `enclosing` writes the body anew around header blocks of a SOAP message.
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
        """The same call with these headers, too, and maybe another query or body. It stays as it is: to be sent again.

        Written out, since `copy` and `dataclasses.replace` take ten times as long.
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
    """A complete answer: the body is whole, decompressed and within the size limit. Header names are lower case.

    Neither prints, as with a `Call`.
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
