"""Check that all programs do the same work: equal answers and equal backend calls, without which no figure counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.request import Request, urlopen

import orjson

from bench.programs import Program
from bench.workloads import Workload

CURSORS = ("cursor", "startCursor", "endCursor")
"""Opaque by contract: each program has its own, so only that there is one is compared."""


class Disagreement(Exception):
    """Two programs differ, or one makes unexpected calls; the message says where."""


def fetch(url: str, body: bytes | None = None, method: str | None = None) -> Any:
    """Return the JSON behind a URL, or None if the response has no content."""
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    with urlopen(Request(url, body, headers, method=method), timeout=120) as answer:  # noqa: S310  # our own programs
        text = answer.read()
    return orjson.loads(text) if text else None


def check(workload: Workload, programs: Mapping[str, Program], backends: Program, place: int) -> int:
    """Send each program the same request and compare. Return each one's backend calls; raise `Disagreement`."""
    results = {name: _asked(workload, program, backends, place) for name, program in programs.items()}
    first, (answer, calls) = next(iter(results.items()))
    if workload.calls is not None and calls != workload.calls:
        raise Disagreement(f"{workload.name}: {first} made the calls {calls}, not {workload.calls}")
    for name, (other, made) in results.items():
        if made != calls:
            raise Disagreement(f"{workload.name}: {first} made the calls {calls}, {name} {made}")
        if difference := differs(answer, other):
            raise Disagreement(f"{workload.name}: {first} and {name} differ at {difference}")
    return sum(calls.values())


def _asked(workload: Workload, program: Program, backends: Program, place: int) -> tuple[Any, dict[str, int]]:
    with counted(backends) as calls:
        answer = fetch(f"{program.url}/graphql", workload.about(place))
    if answer.get("errors"):
        raise Disagreement(f"{workload.name}: {program.url} answers {answer['errors'][0]}")
    return answer["data"], calls


@contextmanager
def counted(backends: Program) -> Iterator[dict[str, int]]:
    """Count the calls to each backend during the block; the result is filled in at its end."""
    calls: dict[str, int] = {}
    fetch(f"{backends.url}/_sandbox/requests", method="DELETE")
    yield calls
    counts = fetch(f"{backends.url}/_sandbox/requests")
    calls |= {name: count for name, count in counts.items() if count}


def differs(one: Any, other: Any, path: str = "data") -> str:
    """Return where two answers first differ, key order included, or an empty string if they are equal."""
    if isinstance(one, dict) and isinstance(other, dict):
        if list(one) != list(other):
            return f"{path}: {list(one)} and {list(other)}"
        pairs = ((f"{path}.{key}", value, other[key]) for key, value in one.items())
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = ((f"{path}.{index}", *both) for index, both in enumerate(zip(one, other, strict=True)))
    elif path.rpartition(".")[2] in CURSORS and isinstance(one, str) and isinstance(other, str):
        return ""
    else:
        return "" if type(one) is type(other) and one == other else f"{path}: {one!r:.200} and {other!r:.200}"
    return next(filter(None, (differs(mine, theirs, below) for below, mine, theirs in pairs)), "")
