"""Combine the limits that an adapter declares with those that the operator sets; the operator's win."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

from graphfold.adapter.base import Adapter
from graphfold.resilience.options import Breaker, Quota, Resilience
from graphfold.settings import BackendSettings, Settings

__all__ = ["EffectiveLimits", "effective_limits"]


class EffectiveLimits(NamedTuple):
    """The limits in force for one backend. `seconds` is for one call with its retries."""

    seconds: float
    resilience: Resilience


def effective_limits(adapter: type[Adapter], own: BackendSettings, settings: Settings) -> EffectiveLimits:
    """Return the limits in force; `own` are the settings of the adapter's backend."""
    limits = own.limits
    overrides: dict[str, Any] = limits.model_dump(include={"retries", "parallel", "queue"}, exclude_none=True)
    if limits.calls_per_minute is not None:
        overrides["quota"] = Quota(limits.calls_per_minute, per=60)
    if limits.breaker is not None:
        # "on" restores the default breaker of an adapter that declares none
        overrides["breaker"] = (adapter.resilience.breaker or Breaker()) if limits.breaker == "on" else None
    seconds = limits.call_timeout or adapter.timeout or settings.call_timeout
    return EffectiveLimits(seconds, replace(adapter.resilience, **overrides))
