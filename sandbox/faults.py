"""Inject faults into backends on demand, at most one per backend."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace

from sandbox.authorization import bearer
from sandbox.backend import Backend
from sandbox.catalog import Catalog
from sandbox.messages import Delivery, Request, Response, phrase, text_response
from sandbox.shapes import reshaped
from sandbox.soap import SoapService
from sandbox.tokens import Tokens

MAINTENANCE = b"""<!DOCTYPE html>
<html><head><title>Maintenance</title></head>
<body><h1>We will be back soon</h1><p>Our engineers are working on it.</p></body></html>
"""
GARBAGE = random.Random(2048).randbytes(2048)


@dataclass
class Fault:
    """One backend's fault. `times` counts down, None lasts until cleared; `only` "data" spares token calls."""

    backend: str
    fault: str
    seconds: float | None = None
    status: int | None = None
    times: int | None = None
    only: str | None = None
    tokens: frozenset[str] = field(default=frozenset(), repr=False)

    def shown(self) -> dict[str, object]:
        """Return the fault as it was posted, with the remaining `times`."""
        return {name: value for name, value in asdict(self).items() if value is not None and name != "tokens"}

    def strikes(self, backend: Backend, request: Request) -> bool:
        if self.fault == "expired-token":
            return bearer(request) in self.tokens
        return self.only is None or backend.is_data(request)


class Faults:
    """The active faults."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._set: dict[str, Fault] = {}

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._set.values())

    def put(self, fault: Fault) -> None:
        """Set `fault`, replacing its backend's previous one; `expired-token` covers the tokens issued so far."""
        self._set[fault.backend] = replace(fault, tokens=self._tokens.issued())

    def clear(self, backend: str | None = None) -> None:
        """Remove the fault of `backend`, or all faults."""
        for name in [backend] if backend else list(self._set):
            self._set.pop(name, None)

    async def answer(self, backend: Backend, request: Request) -> Response:
        """Answer with the backend's reply, or with the fault that applies to the request."""
        fault = self._set.get(backend.name)
        if fault is None or not fault.strikes(backend, request):
            return await backend.answer(request)
        self._count_down(fault)
        return await suffer(fault, backend, request)

    def _count_down(self, fault: Fault) -> None:
        if fault.times is not None:
            fault.times -= 1
            if fault.times == 0:
                self.clear(fault.backend)


async def suffer(fault: Fault, backend: Backend, request: Request) -> Response:
    """Answer under `fault`. Only latency, truncate, drip and shape let the backend process the request."""
    match fault.fault:
        case "latency":
            await asyncio.sleep(fault.seconds or 0)
            return await backend.answer(request)
        case "truncate":
            return replace(await backend.answer(request), delivery=Delivery.HALF)
        case "drip":
            return replace(await backend.answer(request), delivery=Delivery.DRIP)
        case "shape":
            return reshaped(await backend.answer(request))
        case "expired-token":
            return await backend.answer(_anonymous(request))
        case _:
            return instead(fault, backend)


def instead(fault: Fault, backend: Backend) -> Response:
    """Return the reply of a fault that replaces the backend."""
    match fault.fault:
        case "status":
            status = fault.status or 500
            return text_response(phrase(status), status)
        case "html":
            return Response(body=MAINTENANCE, headers={"Content-Type": "text/html; charset=utf-8"})
        case "reset":
            return Response(delivery=Delivery.RESET)
        case "garbage":
            return Response(body=GARBAGE, headers={"Content-Type": backend.media_type})
        case "soap-fault" if isinstance(backend, SoapService):
            return backend.broken(fault.status or 500)
        case "graphql-error" if isinstance(backend, Catalog):
            return backend.broken(fault.status or 200)
        case other:
            raise ValueError(f"{backend.name} cannot suffer {other}")


def _anonymous(request: Request) -> Request:
    headers = {name: value for name, value in request.headers.items() if name != "authorization"}
    return replace(request, headers=headers)
