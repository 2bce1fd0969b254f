"""A backend's base URL, taken apart once: of a request's head only the path and what the call adds is left to write."""

from __future__ import annotations

from typing import NamedTuple

import httpx

from graphfold.transport.call import Call
from graphfold.transport.headers import header_lines
from graphfold.transport.target import checked_method, checked_target

__all__ = ["STANDARD_HEADERS", "Address", "Origin"]

STANDARD_HEADERS = {"accept-encoding": "gzip", "user-agent": "graphfold"}
"""Sent with every call that does not say otherwise."""

_WITH_LENGTH = frozenset(("POST", "PUT", "PATCH"))  # these say that they have no body, the others need not


class Origin(NamedTuple):
    """Where connections lead. `host` is a name or a bare IPv4 or IPv6 address."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: httpx.URL) -> Origin:
        return cls(url.scheme, url.raw_host.decode("ascii"), url.port or (443 if url.scheme == "https" else 80))


class Address:
    """Writes requests to one base URL."""

    def __init__(self, url: str) -> None:
        parsed = httpx.URL(url)
        self.origin = Origin.of(parsed)
        self._base = "" if parsed.raw_path == b"/" else parsed.raw_path.decode("ascii")
        self.authority = parsed.netloc.decode("ascii")
        self._host = f" HTTP/1.1\r\nhost: {self.authority}\r\n"

    def target(self, call: Call) -> str:
        """Path and query as they are sent. Raises BAD_INPUT."""
        target = self._base + checked_target(call.path, call.query)
        return target if target[:1] == "/" else "/" + target

    def request(self, call: Call) -> bytes:
        """The whole request as bytes. Raises BAD_INPUT for what cannot be said in one."""
        method, target = checked_method(call.method), self.target(call)
        headers = header_lines({**STANDARD_HEADERS, **call.headers})
        if call.body or call.method in _WITH_LENGTH:
            headers = f"{headers}content-length: {len(call.body)}\r\n"
        return f"{method} {target}{self._host}{headers}\r\n".encode("ascii") + call.body
