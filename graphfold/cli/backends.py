"""`graphfold backends`: every adapter with what it can do, where its backend is, and how that is now."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from graphfold.adapter.base import Adapter
from graphfold.cli.loading import development_environment, loaded, project
from graphfold.cli.privileges import tell_privileges
from graphfold.cli.progress import state_of
from graphfold.cli.terminal import out
from graphfold.graph.graph import Graph, Probe
from graphfold.manifest import Manifest

__all__ = ["backends"]

_NEXT = "Settings are missing: set them in the environment or in .env (see .env.example)."

SOON = 180
"""Days before a backend's sunset from which on it is told."""


def backends(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
    privileged: Annotated[
        bool, typer.Option("--privileges", help="List what each operation has to be allowed; ask no backend.")
    ] = False,
) -> None:
    """List the backends: protocol, owner, level, operations, address, and how each answers now.

    Exit code 1 when one that is critical is not ready.
    """
    graph = loaded(development_environment(project().root))
    if privileged:
        tell_privileges(graph, as_json=as_json)
        return
    probes = asyncio.run(_probed(graph))
    found = [_described(graph, adapter, probes.get(adapter.name)) for adapter in graph.adapters]
    if as_json:
        out.print_json(json.dumps({"backends": found}), highlight=out.is_terminal)
    else:
        for backend in found:
            out.print(_text(backend))
        if any(map(graph.missing, graph.adapters)):
            out.print(_NEXT, soft_wrap=True)
    if not all(backend["ready"] for backend in found if backend["criticality"] == "critical"):
        raise typer.Exit(1)


async def _probed(graph: Graph) -> dict[str, Probe]:
    able = [a for a in graph.adapters if not graph.missing(a)]
    async with graph.running():
        return dict(zip([a.name for a in able], await asyncio.gather(*map(graph.probe, able)), strict=True))


def _described(graph: Graph, adapter: type[Adapter], probe: Probe | None) -> dict[str, Any]:
    own = graph.backends[adapter.name]
    return {
        "name": adapter.name,
        "protocol": adapter.protocol,
        **_manifest(adapter.manifest),
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


def _text(backend: dict[str, Any]) -> str:
    said = [backend["protocol"], backend["owner"] and f"owned by {backend['owner']}", backend["level"]]
    said += ["not critical"] if backend["criticality"] == "optional" else []
    lines = [f"{backend['name']} ({', '.join(text for text in said if text)})"]
    lines.append(f"  {backend['address'] or 'no address'}: {backend['state']}")
    if (days := backend["sunset_in_days"]) is not None and days <= SOON:
        lines.append(f"  {'ends' if days >= 0 else 'ended'} on {backend['sunset']}: ask {backend['contact']}")
    lines += [f"    {o['kind']:<6} {o['name']:<20} {o['description']}".rstrip() for o in backend["operations"]]
    return "\n".join(lines)
