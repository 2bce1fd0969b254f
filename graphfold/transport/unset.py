"""What stands in for the network where a backend's settings are missing: it refuses every call and says why."""

from __future__ import annotations

from collections.abc import Sequence

import httpx

from graphfold.errors import BackendCredentials

__all__ = ["NotSetUp"]


class NotSetUp(httpx.AsyncBaseTransport):
    """In development a graph runs without the backends that are not set up. `missing` are names of variables."""

    def __init__(self, missing: Sequence[str]) -> None:
        self._missing = missing

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        raise BackendCredentials("The backend is not set up.", internal=f"not set: {', '.join(self._missing)}")
