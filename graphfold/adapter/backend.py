"""A backend in this process: its adapter class and settings, and the client and guard that all its calls share."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import httpx

from graphfold.adapter.base import Adapter
from graphfold.adapter.effective_limits import effective_limits
from graphfold.adapter.forwarded_headers import identify_caller
from graphfold.adapter.soap.adapter import SoapAdapter
from graphfold.credentials.credential import Access, Credential
from graphfold.observer import NO_OBSERVERS, Observers
from graphfold.resilience.guard import Guard
from graphfold.resilience.options import OperationOptions
from graphfold.settings import BackendSettings, Settings
from graphfold.transport.call import CallLimits
from graphfold.transport.client import Client
from graphfold.transport.redaction import SensitiveParts
from graphfold.transport.session import Reach, Session

__all__ = ["Backend"]


class Backend:
    """One backend, opened when the graph starts and closed when it stops. Tests replace its `transport`."""

    def __init__(
        self,
        adapter: type[Adapter],
        own: BackendSettings,
        settings: Settings,
        transport: httpx.AsyncBaseTransport,
        timer: Callable[[], float] = time.monotonic,
        observers: Observers = NO_OBSERVERS,
    ) -> None:
        self.adapter = adapter
        timeout, resilience = effective_limits(adapter, own, settings)
        limits = CallLimits(timeout, settings.connect_timeout, settings.max_reply)
        self._transport = transport
        options = {
            operation.name: OperationOptions(operation.policy.group, operation.policy.hedge, operation.policy.critical)
            for operation in adapter.operations()
        }
        # a quota that a reply announces holds for every call only if all calls are made as the same caller
        shared = not adapter.credential.caller_headers and not identify_caller(adapter.propagates)
        self.guard = Guard(adapter.name, resilience, timeout, options, shared=shared, observers=observers)
        sign_in = partial(_open_session, adapter.credential, own, timer)
        sensitive, guard = SensitiveParts(adapter.credential.places, own.proofs), self.guard
        observe, resend = guard.quota.observe_headers, guard.record_resend
        self.client = Client(own.url or "", transport, limits, sign_in, observe, resend, sensitive)

    def load(self) -> None:
        """Read the WSDL of a SOAP backend, so that the first call need not. This blocks: run it in a thread."""
        if issubclass(self.adapter, SoapAdapter):
            self.adapter.load_contract()

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.aclose()


def _open_session(credential: Credential, own: BackendSettings, timer: Callable[[], float], reach: Reach) -> Session:
    return credential.session(Access(own, reach, timer))
