"""Shows each backend's state as it turns from starting to ready: a live table on a terminal, else a line per change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from rich.live import Live
from rich.table import Table
from rich.text import Text

from graphfold.adapter.base import Adapter
from graphfold.cli.terminal import out
from graphfold.graph.graph import Graph, Probe

__all__ = ["describe_state", "show_backends"]


async def show_backends(graph: Graph) -> None:
    """Probe all backends at once and show the state of each."""
    probes: dict[str, Probe | None] = {adapter.name: None for adapter in graph.adapters}
    if out.is_terminal:
        with Live(_table(graph, probes), console=out, refresh_per_second=12) as live:
            await _probe_all(graph, probes, lambda _: live.update(_table(graph, probes)))
    else:

        def print_line(adapter: type[Adapter]) -> None:
            address, state = graph.backends[adapter.name].address, describe_state(graph, adapter, probes[adapter.name])
            out.print(f"  {adapter.name:<12} {adapter.protocol:<8} {address:<40} {state}")

        await _probe_all(graph, probes, print_line)


async def _probe_all(graph: Graph, probes: dict[str, Probe | None], show: Callable[[type[Adapter]], None]) -> None:
    async def probe(adapter: type[Adapter]) -> None:
        # A backend without its settings is shown as such at once; calling it can only fail.
        if not graph.missing(adapter):
            probes[adapter.name] = await graph.probe(adapter)
        show(adapter)

    await asyncio.gather(*(probe(adapter) for adapter in graph.adapters))


def _table(graph: Graph, probes: dict[str, Probe | None]) -> Table:
    table = Table.grid(padding=(0, 2))
    for adapter in graph.adapters:
        probe = probes[adapter.name]
        style = "yellow" if probe is None else "green" if probe.ok else "red"
        address = graph.backends[adapter.name].address
        table.add_row(
            f"  {adapter.name}", adapter.protocol, address, Text(describe_state(graph, adapter, probe), style)
        )
    return table


def describe_state(graph: Graph, adapter: type[Adapter], probe: Probe | None) -> str:
    """Return the state of a backend in words; without a probe it is still starting."""
    if missing := graph.missing(adapter):
        return f"not set up: {', '.join(missing)}"
    if probe is None:
        return "starting"
    return f"ready ({probe.seconds * 1000:.0f} ms)" if probe.ok else f"not ready: {probe.message}"
