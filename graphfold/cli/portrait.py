"""All of one backend as text: whom to ask, how much may be asked of it, and what its adapter claims."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

__all__ = ["portrait"]

_TOLD = ("owner", "contact", "criticality", "version", "runbook", "level")


def portrait(backend: dict[str, Any]) -> str:
    """Of what `--json` tells of it."""
    return "\n".join((*_manifest(backend), *_limits(backend["limits"]), "  rules", *map(_rule, backend["rules"])))


def _manifest(backend: dict[str, Any]) -> Iterator[str]:
    for name in _TOLD:
        yield _line(name, backend[name] or "not told")
    if (days := backend["sunset_in_days"]) is not None:
        yield _line("sunset", f"{backend['sunset']}, {f'in {days} days' if days >= 0 else f'{-days} days ago'}")


def _limits(limits: dict[str, Any]) -> Iterator[str]:
    waiting, quota = f"{limits['parallel']:,} calls at once, {limits['queue']:,} waiting", limits["quota"]
    yield _line("limits", f"{waiting}; {limits['seconds']:g} s a call, {limits['retries']} retries")
    if quota is not None:
        burst = f", {quota['burst']:,} of them at once" if quota["burst"] else ""
        yield _line("", f"{quota['rate']:,g} calls in {quota['per']:g} s{burst}")
    for operation, keys in limits["keys"].items():
        yield _line("", f"{operation}: {keys:,} keys a call")


def _rule(rule: dict[str, Any]) -> str:
    return f"    {rule['status']:<6} {rule['name']:<12} {rule['level']:<6}  {rule['reason'] or rule['meaning']}"


def _line(name: str, told: str) -> str:
    return f"  {name:<11}  {told}"
