"""Serves `/healthz` (the process is alive), `/readyz` (send it requests) and `/healthz/backends`.

`/healthz/backends` reports this process's view of each backend: names and figures, no addresses and no secrets.
"""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from graphfold.server.served_graph import ServedGraph

__all__ = ["Health", "routes"]


@dataclass(slots=True)
class Health:
    """The state of one application. Set `draining` when it should get no new requests."""

    running: bool = False
    draining: bool = False

    def reasons(self, graph: ServedGraph) -> list[str]:
        """Return why the gateway is not ready; an empty list when it is."""
        reasons = ["The graph is not running."] if not self.running else []
        if self.draining:
            reasons.append("The gateway is shutting down.")
        return reasons + [f"{name} is not set." for name in graph.missing_settings()]


def routes(graph: ServedGraph, health: Health) -> APIRouter:
    router = APIRouter()

    # Checks no backend: an orchestrator would restart the process, which mends no outage of a backend.
    @router.get("/healthz")
    async def healthz() -> JSONResponse:
        return JSONResponse({"status": "alive"})

    @router.get("/healthz/backends")
    async def backends() -> JSONResponse:
        return JSONResponse({"backends": graph.state() if health.running else {}})

    @router.get("/readyz")
    async def readyz() -> JSONResponse:
        if reasons := health.reasons(graph):
            return JSONResponse({"status": "not ready", "reasons": reasons}, status_code=503)
        return JSONResponse({"status": "ready"})

    return router
