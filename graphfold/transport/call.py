"""What goes out and what comes back, free of any HTTP library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Call", "Reply"]


@dataclass(slots=True)
class Call:
    """One request to a backend. `path` is appended to the backend's address; `query` is already encoded.

    Headers and body do not print: credentials and people's data are in them.
    `safe` says that it does no harm if the backend gets it twice; GET and HEAD are so without saying.
    """

    method: str
    path: str
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    safe: bool = False

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
