"""A backend as this process knows it: its adapter class, its settings, and the one client all its calls go through."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import httpx

from graphfold.adapter.base import Adapter
from graphfold.adapter.soap.adapter import SoapAdapter
from graphfold.adapter.soap.contract import Contract, contract_of
from graphfold.credentials.credential import Access
from graphfold.settings import BackendSettings, Settings
from graphfold.transport.client import CallLimits, Client

__all__ = ["Backend"]


class Backend:
    """Opened when the graph starts, closed when it stops. `transport` is what tests replace."""

    def __init__(
        self,
        adapter: type[Adapter],
        own: BackendSettings,
        settings: Settings,
        transport: httpx.AsyncBaseTransport,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self.adapter = adapter
        limits = CallLimits(
            total=adapter.timeout or settings.call_timeout,
            connect=settings.connect_timeout,
            reply=settings.max_reply,
            parallel=adapter.max_parallel,
        )
        self._transport = transport
        self.client = Client(
            own.url or "", transport, limits, lambda reach: adapter.credential.session(Access(own, reach, timer))
        )

    @property
    def contract(self) -> Contract:
        """The WSDL of a SOAP backend, read when first needed (at start, by `load`)."""
        soap: Any = self.adapter
        return contract_of(soap.wsdl, soap.port)

    def load(self) -> None:
        """Read what has to be read before the first call. Blocking: run it in a thread."""
        if issubclass(self.adapter, SoapAdapter):
            _ = self.contract

    async def close(self) -> None:
        await self._transport.aclose()
