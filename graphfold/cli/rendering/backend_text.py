"""Renders backends as text: a summary of each, all details of one, and the privileges of its operations.

Backends come in the form that `graphfold backends --json` prints.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from graphfold.graph.privileges import Privilege

__all__ = ["detail_lines", "privilege_lines", "summary_lines"]

SUNSET_SHOWN = 180
"""Days before a backend's sunset from which on the summary mentions it."""


def summary_lines(backend: dict[str, Any]) -> Iterator[str]:
    """Yield a backend's name, state and operations."""
    notes = [backend["protocol"], backend["owner"] and f"owned by {backend['owner']}", backend["level"]]
    notes += ["not critical"] if backend["criticality"] == "optional" else []
    yield f"{backend['name']} ({', '.join(note for note in notes if note)})"
    yield f"  {backend['address'] or 'no address'}: {backend['state']}"
    if (days := backend["sunset_in_days"]) is not None and days <= SUNSET_SHOWN:
        yield f"  {'ends' if days >= 0 else 'ended'} on {backend['sunset']}: ask {backend['contact']}"
    for operation in backend["operations"]:
        yield f"    {operation['kind']:<6} {operation['name']:<20} {operation['description']}".rstrip()


def detail_lines(backend: dict[str, Any]) -> Iterator[str]:
    """Yield a backend's manifest, its limits, and the rules of its level."""
    for name in ("owner", "contact", "criticality", "version", "runbook", "level"):
        yield _row(name, backend[name] or "not declared")
    if (days := backend["sunset_in_days"]) is not None:
        yield _row("sunset", f"{backend['sunset']}, {f'in {days} days' if days >= 0 else f'{-days} days ago'}")
    limits, quota = backend["limits"], backend["limits"]["quota"]
    bulkhead = f"{limits['parallel']:,} calls at once, {limits['queue']:,} waiting"
    yield _row("limits", f"{bulkhead}; {limits['seconds']:g} s a call, {limits['retries']} retries")
    if quota is not None:
        burst = f", {quota['burst']:,} of them at once" if quota["burst"] else ""
        yield _row("", f"{quota['rate']:,g} calls in {quota['per']:g} s{burst}")
    for operation, keys in limits["keys"].items():
        yield _row("", f"{operation}: {keys:,} keys a call")
    yield "  rules"
    for rule in backend["rules"]:
        yield f"    {rule['status']:<6} {rule['name']:<12} {rule['level']:<6}  {rule['reason'] or rule['meaning']}"


def _row(name: str, value: str) -> str:
    return f"  {name:<11}  {value}"


def privilege_lines(privileges: Iterable[Privilege]) -> Iterator[str]:
    """Yield, for each backend, the identity and credential of its calls, then the permission of each operation."""
    for _, group in groupby(privileges, key=lambda privilege: privilege.backend):
        of_backend = list(group)
        first = of_backend[0]
        variables = f", read from {', '.join(first.variables)}" if first.variables else ""
        yield f"{first.backend} as the {first.identity}: {first.credential}{variables}"
        if first.propagates:
            yield f"  passes on {', '.join(first.propagates)}"
        for each in of_backend:
            yield f"    {each.kind:<6} {each.operation:<20} {each.scope or 'all that the credential may do'}"
