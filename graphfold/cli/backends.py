"""`graphfold backends`: lists the adapters with their operations, addresses and the current state of the backend."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from graphfold.adapter.base import Adapter
from graphfold.adapter.effective_limits import effective_limits
from graphfold.cli.project_graph import current_project, development_environment, load_graph
from graphfold.cli.rendering.backend_status import describe_state
from graphfold.cli.rendering.backend_text import detail_lines, privilege_lines, summary_lines
from graphfold.cli.terminal import Stop, out
from graphfold.graph.graph import Graph, Probe
from graphfold.graph.privileges import privileges
from graphfold.manifest import RULES

__all__ = ["backends"]

_NEXT = "Settings are missing: set them in the environment or in .env (see .env.example)."

_MANIFEST = ("owner", "contact", "criticality", "level", "version", "runbook")


def backends(
    name: Annotated[
        str, typer.Argument(help="Name of one backend: print its limits and rules as well.", show_default=False)
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
    privileged: Annotated[
        bool, typer.Option("--privileges", help="List the permissions that each operation needs; calls no backend.")
    ] = False,
) -> None:
    """List the backends with protocol, owner, level, operations, address and current state; with a name, all details.

    Exit code 1 if a critical backend is not ready.
    """
    graph = load_graph(development_environment(current_project().root))
    adapters = [adapter for adapter in graph.adapters if name in ("", adapter.name)]
    if name and not adapters:
        names = ", ".join(adapter.name for adapter in graph.adapters)
        raise Stop(f"There is no backend {name!r}.", fix=f"name one of {names}." if names else None, code=2)
    if privileged:
        required = privileges(adapters)
        if as_json:
            out.print_json(json.dumps({"privileges": [asdict(each) for each in required]}), highlight=out.is_terminal)
        else:
            for line in privilege_lines(required):
                out.print(line)
        return
    probes = asyncio.run(_probe(graph, adapters))
    described = [_describe(graph, adapter, probes.get(adapter.name)) for adapter in adapters]
    if as_json:
        out.print_json(json.dumps({"backends": described}), highlight=out.is_terminal)
    else:
        for backend in described:
            for line in (*summary_lines(backend), *(detail_lines(backend) if name else ())):
                out.print(line)
        if any(map(graph.missing, adapters)):
            out.print(_NEXT, soft_wrap=True)
    if not all(backend["ready"] for backend in described if backend["criticality"] == "critical"):
        raise typer.Exit(1)


async def _probe(graph: Graph, adapters: list[type[Adapter]]) -> dict[str, Probe]:
    """Probe the backends at once, except those whose settings are missing."""
    callable_adapters = [adapter for adapter in adapters if not graph.missing(adapter)]
    async with graph.running():
        probes = await asyncio.gather(*map(graph.probe, callable_adapters))
    return dict(zip([adapter.name for adapter in callable_adapters], probes, strict=True))


def _describe(graph: Graph, adapter: type[Adapter], probe: Probe | None) -> dict[str, Any]:
    """Return a backend as `--json` prints it."""
    manifest = adapter.manifest
    # The limits in force: an operator's settings take precedence over the adapter's own declaration.
    seconds, resilience = effective_limits(adapter, graph.backends[adapter.name], graph.settings)
    operations = adapter.operations()
    return {
        "name": adapter.name,
        "protocol": adapter.protocol,
        **{name: getattr(manifest, name) or None for name in _MANIFEST},
        "sunset": manifest.sunset and manifest.sunset.isoformat(),
        "sunset_in_days": manifest.ends_in(datetime.now(UTC).date()),
        "limits": {
            "seconds": seconds,
            "retries": resilience.retries,
            "parallel": resilience.parallel,
            "queue": resilience.queue,
            "quota": asdict(resilience.quota) if resilience.quota is not None else None,
            "keys": {o.name: o.policy.max_size for o in operations if o.kind == "batch"},
        },
        "rules": [
            {
                "name": rule.name,
                "level": rule.level,
                "meaning": rule.meaning,
                "status": manifest.status(rule.name),
                "reason": manifest.reason(rule.name) or None,
            }
            for rule in RULES.values()
        ],
        "address": graph.backends[adapter.name].address or None,
        "operations": [{"name": o.name, "kind": o.kind, "description": o.description} for o in operations],
        "ready": probe is not None and probe.ok,
        "state": describe_state(graph, adapter, probe),
    }
