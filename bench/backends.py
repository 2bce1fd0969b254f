"""`python -m bench.backends`: crm, shop, catalog and inventory with canned replies, too fast to be the bottleneck.

They speak the sandbox's protocols as far as the bench needs them, and count calls as it does, tokens and WSDLs apart.
Differences: `search` is the number of the first customer to list, a page may have 1,000 rows, and credentials are not
checked.
"""

from __future__ import annotations

import argparse
import asyncio
import re
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from urllib.parse import parse_qsl

import orjson
import uvloop

from bench import canned
from bench.wire import Served, serve
from sandbox.credentials import variables
from sandbox.soap import WRITTEN_ADDRESS

NAMES: tuple[str, ...] = ("crm", "shop", "catalog", "inventory", "billing", "marketing")
TOKEN = b'{"access_token":"canned","token_type":"Bearer","expires_in":3600}'
ENVELOPE = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n'
    b'<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
    b'<inv:GetStockResponse xmlns:inv="http://depot.example/inventory/2">%b</inv:GetStockResponse>'
    b"</soap:Body></soap:Envelope>"
)
SKU = re.compile(rb"Sku>(\d{8})<")
NAME = re.compile(r"\w+")
SANDBOX = Path(__file__).parent.parent / "sandbox"


class Unknown(Exception):
    """A request that the canned backends do not support."""


class Backends(Served):
    """One client's connection to the backends. `delay` (seconds) precedes every counted reply."""

    def __init__(self, counts: dict[str, int], delay: float) -> None:
        super().__init__()
        self._counts = counts
        self._delay = delay

    def requested(self, method: bytes, target: bytes, body: bytes) -> None:
        path, _, query = target.decode().partition("?")
        try:
            if (answer := ROUTES.get((method, path))) is not None:
                self._counted(path, answer(query, body))
            else:
                self._uncounted(method, path, query)
        except Unknown as error:
            self.reply(str(error).encode(), status=b"400 Bad Request")

    def _counted(self, path: str, body: bytes) -> None:
        name = path.split("/", 2)[1]
        self._counts[name] += 1
        media = b"text/xml; charset=utf-8" if name == "inventory" else b"application/json"
        if self._delay:
            asyncio.get_running_loop().call_later(self._delay, partial(self.reply, body, media=media))
        else:
            self.reply(body, media=media)

    def _uncounted(self, method: bytes, path: str, query: str) -> None:
        match method, path, query:
            case b"GET", "/_sandbox/requests", _:
                self.reply(orjson.dumps(self._counts))
            case b"DELETE", "/_sandbox/requests", _:
                self._counts.update(dict.fromkeys(self._counts, 0))
                self.reply(b"", status=b"204 No Content")
            case b"GET", "/_sandbox/settings", _:
                self.reply(orjson.dumps(variables(self._here())))
            case b"POST", "/crm/oauth/token", _:
                self.reply(TOKEN)
            case b"GET", "/inventory" | "/billing", "wsdl" | "WSDL":
                self.reply(_wsdl(path[1:]).replace(WRITTEN_ADDRESS, self._here().encode()), media=b"text/xml")
            case _:
                raise Unknown(f"{method.decode()} {path}?{query}")

    def _here(self) -> str:
        return "http://{}:{}".format(*self._transport.get_extra_info("sockname"))


def _crm(query: str, _: bytes) -> bytes:
    asked = dict(parse_qsl(query))
    if "ids" in asked:
        numbers = [int(number) for number in asked["ids"].split(",")]
        return b'{"records":[%b]}' % canned.customers(numbers, asked.get("fields"))
    if not asked.get("search"):
        raise Unknown("search must be the number of the first customer to list")
    start, limit = int(asked["search"]), int(asked.get("limit", 20))
    listed = canned.customers(range(start, start + limit), asked.get("fields"), listed=True)
    return b'{"records":[%b],"hasMore":true}' % listed


def _shop(query: str, _: bytes) -> bytes:
    asked = dict(parse_qsl(query))
    numbers = [int(number) for number in asked["customers"].split(",")]
    return b'{"results":[%b]}' % canned.orders(numbers, int(asked.get("limit", 20)))


def _catalog(_: str, body: bytes) -> bytes:
    asked = orjson.loads(body)
    found = canned.products(asked["variables"]["skus"], _selected(asked["query"]))
    return b'{"data":{"productsBySku":[%b]}}' % found


def _inventory(_: str, body: bytes) -> bytes:
    return ENVELOPE % canned.stock(SKU.findall(body))


ROUTES: dict[tuple[bytes, str], Callable[[str, bytes], bytes]] = {
    (b"GET", "/crm/v2/customers"): _crm,
    (b"GET", "/shop/orders"): _shop,
    (b"POST", "/catalog/graphql"): _catalog,
    (b"POST", "/inventory"): _inventory,
}


@lru_cache(maxsize=64)
def _selected(query: str) -> tuple[str, ...]:
    """Return the product fields that the query selects, in its order."""
    selected = [name for name in NAME.findall(query.partition("productsBySku")[2]) if name in canned.PRODUCT_FIELDS]
    return tuple(dict.fromkeys(selected))


@lru_cache(maxsize=2)
def _wsdl(name: str) -> bytes:
    return (SANDBOX / f"{name}.wsdl").read_bytes()


def main() -> None:
    parser = argparse.ArgumentParser("python -m bench.backends", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--delay", type=float, default=0, metavar="SECONDS")
    options = parser.parse_args()
    counts = dict.fromkeys(NAMES, 0)
    uvloop.run(serve(lambda: Backends(counts, options.delay), options.port))


if __name__ == "__main__":
    main()
