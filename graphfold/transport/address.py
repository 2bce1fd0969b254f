"""Write requests to one base URL as bytes.

The base URL is parsed once, and the part of each head that never changes is kept, so a call formats only its path and
its own headers. Everything that could end the request line or lead to another host is refused here.
"""

from __future__ import annotations

from typing import NamedTuple

import httpx

from graphfold.transport.call import Call
from graphfold.transport.connection_errors import UnsendableRequest
from graphfold.transport.headers import header_lines

__all__ = ["STANDARD_HEADERS", "Address", "Origin", "checked_method", "checked_target"]

STANDARD_HEADERS = {"accept-encoding": "gzip", "user-agent": "graphfold"}
"""Sent with every call that does not set its own."""

# RFC 9110 section 8.6: these methods expect a body, so an empty one is announced with `content-length: 0`.
_METHODS_WITH_BODY = frozenset(("POST", "PUT", "PATCH"))


class Origin(NamedTuple):
    """Where connections lead. `host` is a name or a bare IPv4 or IPv6 address."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: httpx.URL) -> Origin:
        return cls(url.scheme, url.raw_host.decode("ascii"), url.port or (443 if url.scheme == "https" else 80))


class Address:
    """A base URL that calls are sent to."""

    def __init__(self, url: str) -> None:
        parsed = httpx.URL(url)
        self.origin = Origin.of(parsed)
        self._base = "" if parsed.raw_path == b"/" else parsed.raw_path.decode("ascii")
        self.authority = parsed.netloc.decode("ascii")
        self._version_and_host = f" HTTP/1.1\r\nhost: {self.authority}\r\n"

    def target(self, call: Call) -> str:
        """Return path and query as they are sent. Raise BAD_INPUT."""
        target = self._base + checked_target(call.path, call.query)
        return target if target[:1] == "/" else "/" + target

    def request(self, call: Call) -> bytes:
        """Return the whole request, head and body. Raise BAD_INPUT for a call that HTTP cannot carry."""
        method, target = checked_method(call.method), self.target(call)
        headers = header_lines({**STANDARD_HEADERS, **call.headers})
        if call.body or call.method in _METHODS_WITH_BODY:
            headers = f"{headers}content-length: {len(call.body)}\r\n"
        return f"{method} {target}{self._version_and_host}{headers}\r\n".encode("ascii") + call.body


def checked_target(path: str, query: str) -> str:
    """Join path and query, to be appended to a base URL. Raise BAD_INPUT."""
    target = f"{path}?{query}" if query else path
    plain = target.isascii() and target.isprintable()  # excludes line breaks and NUL
    # A target that starts with anything but "/" or "?" could extend the host: "https://shop.test" + ".evil.test/".
    if plain and target[:1] in ("", "/", "?") and " " not in target and "#" not in target:
        return target
    raise UnsendableRequest("A text contains characters that cannot be sent.", internal="in a request's path or query")


def checked_method(method: str) -> str:
    """Return the method unchanged. Raise BAD_INPUT."""
    if method.isalpha() and method.isascii():
        return method
    raise UnsendableRequest("A request cannot be sent.", internal=f"the method {method[:100]!r}")
