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
from graphfold.manifest import RULES, Manifest, Rule

__all__ = ["backends"]

_NEXT = "Settings are missing: set them in the environment or in .env (see .env.example)."

_MANIFEST = ("owner", "contact", "criticality", "level", "version", "runbook")


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
    graph = load_graph(development_environment(current_project().root))
    adapters = _select(graph, name)
    if privileged:
        _print_privileges(adapters, as_json=as_json)
        return
    probes = asyncio.run(_probe(graph, adapters))
    found = [_describe(graph, adapter, probes.get(adapter.name)) for adapter in adapters]
    if as_json:
        out.print_json(json.dumps({"backends": found}), highlight=out.is_terminal)
    else:
        for backend in found:
            for line in (*summary_lines(backend), *(detail_lines(backend) if name else ())):
                out.print(line)
        if any(map(graph.missing, adapters)):
            out.print(_NEXT, soft_wrap=True)
    if not all(backend["ready"] for backend in found if backend["criticality"] == "critical"):
        raise typer.Exit(1)


def _print_privileges(adapters: list[type[Adapter]], *, as_json: bool) -> None:
    found = privileges(adapters)
    if as_json:
        out.print_json(json.dumps({"privileges": [asdict(each) for each in found]}), highlight=out.is_terminal)
        return
    for line in privilege_lines(found):
        out.print(line)


def _select(graph: Graph, name: str) -> list[type[Adapter]]:
    selected = [adapter for adapter in graph.adapters if name in ("", adapter.name)]
    if name and not selected:
        names = ", ".join(adapter.name for adapter in graph.adapters)
        raise Stop(f"There is no backend {name!r}.", fix=f"name one of {names}." if names else None, code=2)
    return selected


async def _probe(graph: Graph, adapters: list[type[Adapter]]) -> dict[str, Probe]:
    """Probe the backends at once, except those whose settings are missing."""
    callable_adapters = [adapter for adapter in adapters if not graph.missing(adapter)]
    async with graph.running():
        probes = await asyncio.gather(*map(graph.probe, callable_adapters))
    return dict(zip([adapter.name for adapter in callable_adapters], probes, strict=True))


def _describe(graph: Graph, adapter: type[Adapter], probe: Probe | None) -> dict[str, Any]:
    """Return a backend as `--json` prints it."""
    manifest = adapter.manifest
    return {
        "name": adapter.name,
        "protocol": adapter.protocol,
        **{name: getattr(manifest, name) or None for name in _MANIFEST},
        "sunset": manifest.sunset and manifest.sunset.isoformat(),
        "sunset_in_days": manifest.ends_in(datetime.now(UTC).date()),
        "limits": _describe_limits(graph, adapter),
        "rules": [_describe_rule(manifest, rule) for rule in RULES.values()],
        "address": graph.backends[adapter.name].address or None,
        "operations": [{"name": o.name, "kind": o.kind, "description": o.description} for o in adapter.operations()],
        "ready": probe is not None and probe.ok,
        "state": describe_state(graph, adapter, probe),
    }


def _describe_limits(graph: Graph, adapter: type[Adapter]) -> dict[str, Any]:
    seconds, resilience = effective_limits(adapter, graph.backends[adapter.name], graph.settings)
    batches = [operation for operation in adapter.operations() if operation.kind == "batch"]
    return {
        "seconds": seconds,
        "retries": resilience.retries,
        "parallel": resilience.parallel,
        "queue": resilience.queue,
        "quota": asdict(resilience.quota) if resilience.quota is not None else None,
        "keys": {batch.name: batch.policy.max_size for batch in batches},
    }


def _describe_rule(manifest: Manifest, rule: Rule) -> dict[str, Any]:
    return {
        "name": rule.name,
        "level": rule.level,
        "meaning": rule.meaning,
        "status": manifest.status(rule.name),
        "reason": manifest.reason(rule.name) or None,
    }
