"""`python -m bench.firsts`: measures what the first request with a new document costs, as a line of JSON.

Runs the reference graph in this process, in front of the backends that the environment names. Each document is the
page's under another operation name, each request about different customers.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable
from itertools import count
from pathlib import Path
from statistics import quantiles
from time import process_time
from typing import Any

import msgspec
from graphql import parse, validate

import graphfold
from bench.workloads import PAGE, number_at
from graphfold.graph.graph import Graph
from graphfold.serving.web_server import tune_garbage_collector

DOCUMENTS = 40


class Firsts(msgspec.Struct):
    """Milliseconds of processor time: `parse` and `validate` of graphql-core, and a first run less a later one."""

    checked: float
    first: float

    @property
    def ratio(self) -> float:
        return self.first / self.checked


async def measured(documents: int = DOCUMENTS) -> Firsts:
    graph = graphfold.load(Path(__file__).parent)
    checked, first, later = list[float](), list[float](), list[float]()
    places = count(50_000, 100)  # no two requests about the same products either

    def asked(text: str) -> Awaitable[Any]:
        return graph.execute(text, {PAGE.variable: number_at(next(places)).decode()})

    async with graph.running():
        tune_garbage_collector()
        await asked(PAGE.query)
        for number in range(documents):
            text = PAGE.query.replace("Page", f"Page{number}", 1)
            checked.append(_checking(graph, text))
            first.append(await _milliseconds(asked(text)))
            await asked(text)
            later += [await _milliseconds(asked(text)) for _ in range(3)]
    return Firsts(_quiet(checked), _quiet(first) - _quiet(later))


def _quiet(taken: list[float]) -> float:
    """Return the lower quartile, since other programs use the machine as well."""
    return quantiles(taken, n=4)[0]


def _checking(graph: Graph, text: str) -> float:
    began = process_time()
    document = parse(text)
    errors = validate(graph.schema._schema, document)  # noqa: SLF001  # Strawberry has no public name for it
    taken = (process_time() - began) * 1000
    assert not errors, errors
    return taken


async def _milliseconds(work: Awaitable[Any]) -> float:
    began = process_time()
    answer = await work
    taken = (process_time() - began) * 1000
    assert not answer.errors, answer.errors
    return taken


def main() -> None:
    sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(measured())) + b"\n")


if __name__ == "__main__":
    main()
