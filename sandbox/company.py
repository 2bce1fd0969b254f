"""The whole company: routes requests to six backends, counts calls and applies faults."""

from __future__ import annotations

import sqlite3
import traceback
from dataclasses import dataclass

from sandbox.backend import Backend
from sandbox.billing import Billing
from sandbox.catalog import Catalog
from sandbox.control import Control
from sandbox.crm import Crm
from sandbox.faults import Faults
from sandbox.inventory import Inventory
from sandbox.marketing import Marketing
from sandbox.messages import Request, Response, json_response, text_response
from sandbox.shop import Shop
from sandbox.tokens import Tokens


@dataclass(frozen=True)
class Settings:
    """The size of the company and the behaviour of its backends; durations in seconds."""

    customers: int = 2000
    marketing_delay: float = 0.25
    token_lifetime: float = 60
    shop_rate: int = 1000
    """Requests a minute and API key the shop answers before it says 429."""


class Company:
    """The request handler of the whole sandbox."""

    def __init__(self, database: sqlite3.Connection, settings: Settings) -> None:
        tokens = Tokens(settings.token_lifetime)
        backends: list[Backend] = [
            Crm(database, tokens),
            Shop(database, settings.shop_rate),
            Catalog(database),
            Inventory(database),
            Billing(database),
            Marketing(database, settings.marketing_delay),
        ]
        self._backends = {backend.name: backend for backend in backends}
        self._counts = dict.fromkeys(self._backends, 0)
        self._faults = Faults(tokens)
        self._control = Control(self._backends, self._counts, self._faults)

    async def answer(self, request: Request) -> Response:
        """Answer any request. A bug in a backend becomes a 500 here and a traceback on stderr."""
        try:
            return await self._route(request)
        except Exception:  # noqa: BLE001  # the last resort of a server
            traceback.print_exc()
            return text_response("The sandbox has a bug; see its stderr.", 500)

    async def _route(self, request: Request) -> Response:
        name = request.segments[0] if request.segments else ""
        if name == "_sandbox":
            return self._control.answer(request)
        if name not in self._backends:
            return json_response({"error": f"Nothing is at /{name}", "backends": list(self._backends)}, 404)
        self._counts[name] += 1
        return await self._faults.answer(self._backends[name], request)
