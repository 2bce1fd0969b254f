"""Certificates from files: a private authority, a client certificate, and replaced files."""

from pathlib import Path
from ssl import CERT_REQUIRED, PROTOCOL_TLS_SERVER, SSLContext
from typing import Any

import pytest
import strawberry
import trustme

from graphfold import RestAdapter, read, resolves
from graphfold.credentials import AllOf, Bearer, ClientCertificate, Credential
from graphfold.graph.graph import Graph
from graphfold.settings import BackendSettings, SettingsError
from graphfold.testing import graph_of
from graphfold.tls import TlsFiles
from tests.graphfold.transport.peer import Backend, Serve, always

pytestmark = pytest.mark.anyio

COUNT = always(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1\r\n\r\n7")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def files(authority: trustme.CA, tmp_path: Path) -> dict[str, str]:
    """The settings of a backend that requires a client certificate."""
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    ours = authority.issue_cert("gateway.test")
    (tmp_path / "cert.pem").write_bytes(b"".join(part.bytes() for part in ours.cert_chain_pems))
    ours.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    names = {"CA": "ca", "CERTIFICATE": "cert", "PRIVATE_KEY": "key"}
    return {f"GRAPHFOLD_SHOP_{name}_FILE": str(tmp_path / f"{file}.pem") for name, file in names.items()}


def server_context(authority: trustme.CA) -> SSLContext:
    """Return a server context that requires client certificates of this authority."""
    context = SSLContext(PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = CERT_REQUIRED
    return context


def shop(backend: Backend, kind: Credential, settings: dict[str, str]) -> Graph:
    @strawberry.type
    class Query:
        pass

    class Shop(RestAdapter):
        credential = kind

        @read()
        async def count(self) -> int:
            return await self.get("/count", int)

    @resolves(Query)
    async def count(shop: Shop) -> int | None:
        return await shop.count()

    return graph_of({"GRAPHFOLD_SHOP_URL": backend.url.replace("127.0.0.1", "localhost"), **settings})


async def count_of(graph: Graph) -> Any:
    async with graph.running():
        answer = await graph.execute("{ count }")
    return answer.data["count"] if answer.data else answer.errors[0]["extensions"]["code"]


async def test_client_certificate_and_token_are_combined(
    serve: Serve, authority: trustme.CA, files: dict[str, str]
) -> None:
    backend = await serve(COUNT, tls=server_context(authority))
    kind = AllOf(ClientCertificate(), Bearer())
    assert await count_of(shop(backend, kind, {**files, "GRAPHFOLD_SHOP_TOKEN": "t0ken"})) == 7
    assert b"authorization: Bearer t0ken" in backend.requests[0]


async def test_connection_without_client_certificate_is_refused(
    serve: Serve, authority: trustme.CA, files: dict[str, str]
) -> None:
    backend = await serve(COUNT, tls=server_context(authority))
    assert await count_of(shop(backend, Credential(), {k: v for k, v in files.items() if "CA_FILE" in k})) in (
        "BACKEND_UNAVAILABLE",
        None,
    )
    assert not backend.requests


async def test_only_the_private_authority_is_trusted(serve: Serve, files: dict[str, str]) -> None:
    backend = await serve(COUNT, tls=server_context(trustme.CA()))
    assert await count_of(shop(backend, ClientCertificate(), files)) in ("BACKEND_UNAVAILABLE", None)
    assert not backend.requests


def test_replaced_certificate_is_used_for_new_connections(files: dict[str, str], tmp_path: Path) -> None:
    now = [0.0]
    ca, certificate, key = map(Path, files.values())
    tls = TlsFiles(ca, certificate, key, clock=lambda: now[0])
    first = tls()
    other = trustme.CA().issue_cert("gateway.test")
    other.cert_chain_pems[0].write_to_path(files["GRAPHFOLD_SHOP_CERTIFICATE_FILE"])
    now[0] = 1.0
    assert tls() is first, "the matching key is still missing"
    other.private_key_pem.write_to_path(files["GRAPHFOLD_SHOP_PRIVATE_KEY_FILE"])
    now[0] = 2.0
    assert tls() is not first


def test_mismatched_certificate_and_key_are_reported_at_start(files: dict[str, str]) -> None:
    trustme.CA().issue_cert("x").private_key_pem.write_to_path(files["GRAPHFOLD_SHOP_PRIVATE_KEY_FILE"])
    with pytest.raises(SettingsError, match=r"GRAPHFOLD_SHOP_CERTIFICATE_FILE.* not a matching pair of PEM files"):
        BackendSettings.read("shop", files)


def test_missing_certificate_files_are_reported_at_start(files: dict[str, str]) -> None:
    del files["GRAPHFOLD_SHOP_CERTIFICATE_FILE"]
    with pytest.raises(SettingsError, match="PRIVATE_KEY_FILE is set without GRAPHFOLD_SHOP_CERTIFICATE_FILE"):
        BackendSettings.read("shop", files)
    with pytest.raises(SettingsError, match="CA_FILE names a file that cannot be used: No such file"):
        BackendSettings.read("shop", {"GRAPHFOLD_SHOP_CA_FILE": "/nowhere"})
