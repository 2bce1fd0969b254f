"""`python -m bench.gateway`: graphfold with its caches emptied before each request, for queries that do not vary.

`graphfold serve` is what the loads are measured with; the example queries always ask for the same things, and from the
second time on their answers would come out of the caches.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

import graphfold
from bench.ready import Server
from graphfold.cache.invalidations import ALL_KEYS
from graphfold.graph.graph import Graph
from graphfold.serving.log_output import configure_logging


class Forgetful:
    """ASGI middleware: what was answered before is forgotten when a request comes."""

    def __init__(self, app: ASGIApp, graph: Graph) -> None:
        self._app, self._graph = app, graph

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            forget(self._graph)
        await self._app(scope, receive, send)


def forget(graph: Graph) -> None:
    """Void every cached answer of every operation."""
    assert graph.runtime is not None  # the server runs the graph as long as it serves
    for adapter in graph.adapters:
        for operation in adapter.operations():
            policy, name = operation.policy, f"{adapter.name}.{operation.name}"
            if policy.ttl:
                graph.runtime.store(name, policy).forget(ALL_KEYS)


def main() -> None:
    parser = argparse.ArgumentParser("python -m bench.gateway", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    options = parser.parse_args()
    configure_logging()
    graph = graphfold.load(Path(__file__).parent)
    app = graph.app()
    app.add_middleware(Forgetful, graph=graph)
    Server(uvicorn.Config(app, port=options.port, log_level="warning", access_log=False)).run()


if __name__ == "__main__":
    main()
