"""A backend as this process knows it: its adapter class, its settings, and what all its calls go through."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import httpx

from graphfold.adapter.allowance import allowance
from graphfold.adapter.base import Adapter
from graphfold.adapter.propagation import says_who
from graphfold.adapter.soap.adapter import SoapAdapter
from graphfold.adapter.soap.contract import Contract, contract_of
from graphfold.credentials.credential import Access, Credential
from graphfold.loading.backend_operation import OperationPolicy
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
    """Opened when the graph starts, closed when it stops. `transport` is what tests replace."""

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
        timeout, declared = allowance(adapter, own, settings)
        limits = CallLimits(timeout, settings.connect_timeout, settings.max_reply)
        self._transport = transport
        rules = {operation.name: _rule(operation.policy) for operation in adapter.operations()}
        self.guard = Guard(adapter.name, declared, timeout, rules, shared=_is_one_caller(adapter), observers=observers)
        sign_in = partial(_signed_in, adapter.credential, own, timer)
        sensitive, guard = SensitiveParts(adapter.credential.places, own.proofs), self.guard
        observe, resend = guard.quota.observe_headers, guard.record_resend
        self.client = Client(own.url or "", transport, limits, sign_in, observe, resend, sensitive)

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


def _is_one_caller(adapter: type[Adapter]) -> bool:
    """Whether all calls are made in the same name, whoever's answers they bring."""
    return not adapter.credential.caller_headers and not says_who(adapter.propagates)


def _signed_in(credential: Credential, own: BackendSettings, timer: Callable[[], float], reach: Reach) -> Session:
    return credential.session(Access(own, reach, timer))


def _rule(policy: OperationPolicy) -> OperationOptions:
    return OperationOptions(policy.group, policy.hedge, policy.critical)
