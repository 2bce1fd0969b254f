"""Format figures as Markdown tables, ratios first."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from bench.measuring import MANY, Results
from bench.workloads import Workload

Row = Sequence[str]


def against(base: str, subject: str, results: Results, workloads: Iterable[Workload], calls: Mapping[str, int]) -> str:
    """Return how many times better `subject` is than `base`: time and processor per query, queries per second."""
    head = ["load", "calls", "time, 1 at a time", "processor, 1 at a time"]
    head += [f"throughput, {MANY} at a time", f"p99, {MANY} at a time"]
    rows = [_ratios(workload.name, base, subject, results, calls) for workload in workloads]
    return table(head, rows)


def _ratios(load: str, base: str, subject: str, results: Results, calls: Mapping[str, int]) -> Row:
    alone, other = results[load, subject, 1], results[load, base, 1]
    many, others = results.get((load, subject, MANY)), results.get((load, base, MANY))
    together = [times(many.rate / others.rate), times(others.p99 / many.p99)] if many and others else ["", ""]
    cpu = times(other.cpu / alone.cpu) if other.cpu and alone.cpu else ""
    return [load, str(calls[load]), times(other.p50 / alone.p50), cpu, *together]


def figures(results: Results, memory: Mapping[str, float | None]) -> str:
    """Return every figure as measured."""
    head = ["load", "program", "p50 ms, 1", "p99 ms, 1", "CPU ms/query, 1"]
    head += [f"queries/s, {MANY}", f"p50 ms, {MANY}", f"p99 ms, {MANY}", f"CPU ms/query, {MANY}", "peak MiB"]
    rows = []
    for load, program in dict.fromkeys((load, program) for load, program, _ in results):
        alone, many = results.get((load, program, 1)), results.get((load, program, MANY))
        row = [short(alone.p50), short(alone.p99), short(alone.cpu)] if alone else [""] * 3
        row += [short(many.rate), short(many.p50), short(many.p99), short(many.cpu)] if many else [""] * 4
        rows.append([load, program, *row, short(memory.get(program))])
    return table(head, rows)


def table(head: Row, rows: Iterable[Row]) -> str:
    lines = [list(head), *map(list, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    padded = (" | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)
    return "\n".join(f"| {line} |" for line in padded)


def times(ratio: float) -> str:
    return f"{short(ratio)} x"


def short(value: float | None) -> str:
    """Format with three significant digits; empty if there is no value."""
    if value is None or math.isnan(value):
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
