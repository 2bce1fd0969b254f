"""`/healthz` says that the process answers, `/readyz` that it should be sent requests.

`/healthz/backends` says how each backend is for this process: names and figures, no address and no secret.
"""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from graphfold.server.served import Served

__all__ = ["Health", "routes"]


@dataclass(slots=True)
class Health:
    """What the server knows of itself. Set `draining` when no new requests are wanted."""

    running: bool = False
    draining: bool = False

    def reasons(self, graph: Served) -> list[str]:
        """Why it is not ready; nothing when it is."""
        reasons = ["The graph is not running."] if not self.running else []
        if self.draining:
            reasons.append("The gateway is shutting down.")
        return reasons + [f"{name} is not set." for name in graph.missing_settings()]


def routes(graph: Served, health: Health) -> APIRouter:
    router = APIRouter()

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
