"""Secret files: changes are followed, an unusable file leaves the last value in use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from graphfold.credentials import AllOf, ApiKey, Basic, Bearer, Credential, HmacSignature
from graphfold.secret import FileSecret
from graphfold.testing import FakeBackend, ask
from tests.graphfold.credentials.conftest import Open

pytestmark = pytest.mark.anyio


def replace(path: Path, text: str) -> None:
    """Replace the file by another of the same name, as orchestrators do."""
    new = path.with_name("new")
    new.write_text(text)
    new.replace(path)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_changed_secret_file_is_read_after_one_second(tmp_path: Path) -> None:
    path, clock = tmp_path / "token", Clock()
    path.write_text("one\n")
    secret = FileSecret(path, clock=clock)
    replace(path, "two")
    assert secret.text == "one"
    clock.now = 1.0
    assert secret.text == "two"


@pytest.mark.parametrize("text", ["", "\n", "a\nb", None])
def test_unusable_secret_file_leaves_last_value(tmp_path: Path, text: str | None, log: list[Any]) -> None:
    path, clock = tmp_path / "token", Clock()
    path.write_text("one-secret")
    secret = FileSecret(path, "GRAPHFOLD_SHOP_TOKEN_FILE", clock)
    path.unlink() if text is None else replace(path, text)
    clock.now = 1.0
    assert secret.text == "one-secret"
    assert "one-secret" not in str(log) + repr(secret) and str(path) not in str(log)
    replace(path, "two")
    clock.now = 2.0
    assert secret.text == "two"


@pytest.mark.parametrize(
    ("kind", "last"),
    [
        (Bearer(), "Bearer two"),
        (ApiKey("X-Key"), "two"),
        (ApiKey(query="key"), "of=all&key=two"),
        (Basic(), "Basic dHdvOnR3bw=="),
        (AllOf(ApiKey("X-Key"), HmacSignature()), "two"),
    ],
)
async def test_refused_secret_file_is_reread_at_once(opened: Open, tmp_path: Path, kind: Credential, last: str) -> None:
    path = tmp_path / "secret"
    path.write_text("one")
    seen: list[str] = []

    def count(request: httpx.Request) -> Any:
        credential = request.headers.get("x-key") or request.headers.get("authorization") or request.url.query.decode()
        seen.append(credential)
        return 7 if credential == last else httpx.Response(401)

    names = ("token", "username", "password")
    files = {f"GRAPHFOLD_SHOP_{name.upper()}_FILE": str(path) for name in names if name in kind.needs}
    none = {f"GRAPHFOLD_SHOP_{name.upper()}": "" for name in names}
    async with opened(FakeBackend({"GET /count": count}), kind, **none, **files) as graph:
        replace(path, "two")
        assert await ask(graph, "{ count }") == {"count": 7}
    assert len(seen) == 2


@pytest.mark.parametrize(
    "kind",
    [
        Bearer(),
        ApiKey(query="key"),
        AllOf(ApiKey("X-Key"), HmacSignature()),
        AllOf(HmacSignature(), ApiKey("X-Key")),
        AllOf(ApiKey(query="key"), HmacSignature()),
    ],
    ids=str,
)
async def test_unchanged_refused_secret_is_not_resent(opened: Open, kind: Credential) -> None:
    """A signature differs in each attempt, which must not make the secret beside it look changed."""
    backend = FakeBackend({"GET /count": httpx.Response(401)})
    async with opened(backend, kind) as graph:
        answer = await graph.execute("{ count }")
    assert answer.errors[0]["extensions"]["code"] == "BACKEND_CREDENTIALS"
    assert len(backend.calls) == 1
