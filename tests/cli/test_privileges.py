"""`graphfold backends --privileges`: the permissions of each operation of the reference graph."""

import json
import re
from typing import Any

from graphfold import RestAdapter, read, write
from graphfold.credentials import AllOf, Bearer, ClientCertificate, ClientCredentials, PassThrough
from graphfold.declarations import current_declarations
from graphfold.graph.privileges import privileges
from graphfold.testing import declaring


def test_privileges_of_the_reference_graph() -> None:
    with declaring():

        class Orders(RestAdapter):
            credential = AllOf(ClientCertificate(), ClientCredentials("/token", scope="b a"))
            identity = "service"
            propagates = ("accept-language",)

            @read()
            async def count(self) -> int:
                return 1

            @write(scope="orders:write")
            async def cancel(self) -> int:
                return 1

        class Mine(RestAdapter):
            credential = PassThrough()

            @read()
            async def count(self) -> int:
                return 1

        class Open(RestAdapter):
            credential = Bearer()

            @read()
            async def count(self) -> int:
                return 1

        found = [
            (p.backend, p.operation, p.identity, p.scope, p.variables)
            for p in privileges(current_declarations().adapters)
        ]
        read_from = (
            "GRAPHFOLD_ORDERS_CLIENT_ID",
            "GRAPHFOLD_ORDERS_CLIENT_SECRET",
            "GRAPHFOLD_ORDERS_CERTIFICATE_FILE",
        )
    assert found == [
        ("orders", "count", "service", "a b", read_from),
        ("orders", "cancel", "service", "orders:write", read_from),
        ("mine", "count", "viewer", "", ()),
        ("open", "count", "viewer", "", ("GRAPHFOLD_OPEN_TOKEN",)),
    ]


def test_privileges_option_calls_no_backend(repository: Any) -> None:
    outcome = repository.run("backends", "--privileges")
    assert outcome.code == 0
    assert "crm as the service: OAuth2 client credentials, read from GRAPHFOLD_CRM_CLIENT_ID" in outcome.out
    assert re.search(r"write +change +all that the credential may do", outcome.out)
    first = json.loads(repository.run("backends", "--privileges", "--json").out)["privileges"][0]
    assert first["backend"] and first["credential"] and first["variables"]
