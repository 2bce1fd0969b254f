"""`graphfold backends`: every adapter with what it can do, where its backend is, and how that is now."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from graphfold.adapter.allowance import allowance
from graphfold.adapter.base import Adapter
from graphfold.cli.loading import development_environment, loaded, project
from graphfold.cli.portrait import portrait
from graphfold.cli.privileges import tell_privileges
from graphfold.cli.progress import state_of
from graphfold.cli.terminal import Stop, out
from graphfold.graph.graph import Graph, Probe
from graphfold.manifest import RULES, Manifest, Rule

__all__ = ["backends"]

_NEXT = "Settings are missing: set them in the environment or in .env (see .env.example)."

SOON = 180
"""Days before a backend's sunset from which on it is told."""


def backends(
    name: Annotated[
        str, typer.Argument(help="One backend: tells all of it, its limits and each rule, too.", show_default=False)
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
    privileged: Annotated[
        bool, typer.Option("--privileges", help="List what each operation has to be allowed; ask no backend.")
    ] = False,
) -> None:
    """List the backends: protocol, owner, level, operations, address, and how each answers now; by name, all of one.

    Exit code 1 when one that is critical is not ready.
    """
    graph = loaded(development_environment(project().root))
    wanted = _wanted(graph, name)
    if privileged:
        tell_privileges(wanted, as_json=as_json)
        return
    probes = asyncio.run(_probed(graph, wanted))
    found = [_described(graph, adapter, probes.get(adapter.name)) for adapter in wanted]
    if as_json:
        out.print_json(json.dumps({"backends": found}), highlight=out.is_terminal)
    else:
        for backend in found:
            out.print(_text(backend))
            if name:
                out.print(portrait(backend))
        if any(map(graph.missing, wanted)):
            out.print(_NEXT, soft_wrap=True)
    if not all(backend["ready"] for backend in found if backend["criticality"] == "critical"):
        raise typer.Exit(1)


def _wanted(graph: Graph, name: str) -> list[type[Adapter]]:
    found = [adapter for adapter in graph.adapters if name in ("", adapter.name)]
    if name and not found:
        known = ", ".join(adapter.name for adapter in graph.adapters)
        raise Stop(f"There is no backend {name!r}.", fix=f"name one of {known}." if known else None, code=2)
    return found


async def _probed(graph: Graph, wanted: list[type[Adapter]]) -> dict[str, Probe]:
    able = [a for a in wanted if not graph.missing(a)]
    async with graph.running():
        return dict(zip([a.name for a in able], await asyncio.gather(*map(graph.probe, able)), strict=True))


def _described(graph: Graph, adapter: type[Adapter], probe: Probe | None) -> dict[str, Any]:
    own = graph.backends[adapter.name]
    return {
        "name": adapter.name,
        "protocol": adapter.protocol,
        **_manifest(adapter.manifest),
        "limits": _limits(graph, adapter),
        "rules": [_rule(adapter.manifest, rule) for rule in RULES.values()],
        "address": own.address or None,
        "operations": [{"name": o.name, "kind": o.kind, "description": o.description} for o in adapter.operations()],
        "ready": probe is not None and probe.ok,
        "state": state_of(graph, adapter, probe),
    }


def _manifest(manifest: Manifest) -> dict[str, Any]:
    names = ("owner", "contact", "criticality", "level", "version", "runbook")
    told = {name: getattr(manifest, name) or None for name in names}
    days = manifest.ends_in(datetime.now(UTC).date())
    return {**told, "sunset": manifest.sunset and manifest.sunset.isoformat(), "sunset_in_days": days}


def _limits(graph: Graph, adapter: type[Adapter]) -> dict[str, Any]:
    seconds, kept = allowance(adapter, graph.backends[adapter.name], graph.settings)
    keys = {
        operation.name: operation.policy.max_size for operation in adapter.operations() if operation.kind == "batch"
    }
    told = {"seconds": seconds, "retries": kept.retries, "parallel": kept.parallel, "queue": kept.queue}
    return {**told, "quota": asdict(kept.quota) if kept.quota is not None else None, "keys": keys}


def _rule(manifest: Manifest, rule: Rule) -> dict[str, Any]:
    told = {"name": rule.name, "level": rule.level, "meaning": rule.meaning}
    return {**told, "status": manifest.status(rule.name), "reason": manifest.reason(rule.name) or None}


def _text(backend: dict[str, Any]) -> str:
    said = [backend["protocol"], backend["owner"] and f"owned by {backend['owner']}", backend["level"]]
    said += ["not critical"] if backend["criticality"] == "optional" else []
    lines = [f"{backend['name']} ({', '.join(text for text in said if text)})"]
    lines.append(f"  {backend['address'] or 'no address'}: {backend['state']}")
    if (days := backend["sunset_in_days"]) is not None and days <= SOON:
        lines.append(f"  {'ends' if days >= 0 else 'ended'} on {backend['sunset']}: ask {backend['contact']}")
    lines += [f"    {o['kind']:<6} {o['name']:<20} {o['description']}".rstrip() for o in backend["operations"]]
    return "\n".join(lines)
