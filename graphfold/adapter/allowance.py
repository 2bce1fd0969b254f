"""How much a backend is asked at most: what its adapter declares, but for what the operator has set."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

from graphfold.adapter.base import Adapter
from graphfold.resilience.options import Breaker, Quota, Resilience
from graphfold.settings import BackendLimits, BackendSettings, Settings

__all__ = ["Allowance", "allowance"]


class Allowance(NamedTuple):
    """`seconds` is what one call may take with its repetitions."""

    seconds: float
    resilience: Resilience


def allowance(adapter: type[Adapter], own: BackendSettings, settings: Settings) -> Allowance:
    """What is in force."""
    seconds = own.limits.call_timeout or adapter.timeout or settings.call_timeout
    return Allowance(seconds, _tuned(adapter.resilience, own.limits))


def _tuned(declared: Resilience, limits: BackendLimits) -> Resilience:
    told: dict[str, Any] = limits.model_dump(include={"retries", "parallel", "queue"}, exclude_none=True)
    if limits.calls_per_minute is not None:
        told["quota"] = Quota(limits.calls_per_minute, per=60)
    if limits.breaker is not None:
        told["breaker"] = (declared.breaker or Breaker()) if limits.breaker == "on" else None
    return replace(declared, **told)
