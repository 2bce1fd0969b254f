"""HMAC signatures, checked by a verifier that is itself checked against the example of RFC 9421."""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from base64 import b64decode, b64encode

import httpx
import pytest

from graphfold.credentials import HmacSignature
from graphfold.testing import FakeBackend, ask
from tests.graphfold.credentials.conftest import Open

pytestmark = pytest.mark.anyio

KEY = {"GRAPHFOLD_SHOP_KEY_ID": "gateway-1", "GRAPHFOLD_SHOP_SECRET_KEY": "a-shared-secret"}


def signature(key: bytes, lines: dict[str, str], parameters: str) -> str:
    """Return the signature of these lines (RFC 9421, sections 2.5 and 3.3.3)."""
    base = "".join(f'"{name}": {value}\n' for name, value in lines.items()) + f'"@signature-params": {parameters}'
    return b64encode(hmac.new(key, base.encode(), hashlib.sha256).digest()).decode()


def verified(request: httpx.Request, key: str, now: float) -> bool:
    """Verify the signature from the received request alone, as a backend does."""
    parameters = request.headers["signature-input"].removeprefix("sig1=")
    names = re.findall(r'"([^"]+)"', parameters.partition(")")[0])
    digest = b64encode(hashlib.sha256(request.content).digest()).decode()
    path, _, query = request.url.raw_path.decode().partition("?")
    components = {
        "@method": request.method,
        "@authority": request.headers["host"],
        "@path": path,
        "@query": f"?{query}",
        "content-digest": f"sha-256=:{digest}:",
    }
    window = [int(number) for number in re.findall(r"(?:created|expires)=(\d+)", parameters)]
    expected = signature(key.encode(), {name: components[name] for name in names}, parameters)
    return window[0] <= now <= window[1] and request.headers["signature"] == f"sig1=:{expected}:"


def test_verifier_accepts_rfc_9421_example() -> None:
    """The example is from appendix B.2.5."""
    key = b64decode("uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==")
    lines = {
        "date": "Tue, 20 Apr 2021 02:07:55 GMT",
        "@authority": "example.com",
        "content-type": "application/json",
    }
    parameters = '("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"'
    assert signature(key, lines, parameters) == "pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8="


async def test_signature_expires_after_its_window(opened: Open) -> None:
    backend = FakeBackend({"GET /v2/count": 7})
    async with opened(backend, HmacSignature(window=60), **KEY, GRAPHFOLD_SHOP_URL="https://shop.test/v2") as graph:
        await ask(graph, '{ count(of: "a&b") }')
    request, now = backend.calls[0], time.time()
    assert verified(request, KEY["GRAPHFOLD_SHOP_SECRET_KEY"], now)
    assert not verified(request, KEY["GRAPHFOLD_SHOP_SECRET_KEY"], now + 61)
    assert not verified(request, "another", now)
    assert 'keyid="gateway-1"' in request.headers["signature-input"]


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("DELETE", "https://shop.test/v2/count?of=a"),
        ("GET", "https://shop.test/v3/count?of=a"),
        ("GET", "https://shop.test/v2/count?of=b"),
        ("GET", "https://other.test/v2/count?of=a"),
    ],
)
async def test_changed_request_fails_verification(opened: Open, method: str, url: str) -> None:
    backend = FakeBackend({"GET /v2/count": 7})
    async with opened(backend, HmacSignature(), **KEY, GRAPHFOLD_SHOP_URL="https://shop.test/v2") as graph:
        await ask(graph, '{ count(of: "a") }')
    headers = {name: backend.calls[0].headers[name] for name in ("content-digest", "signature-input", "signature")}
    assert not verified(httpx.Request(method, url, headers=headers), KEY["GRAPHFOLD_SHOP_SECRET_KEY"], time.time())


async def test_each_signature_has_its_own_nonce(opened: Open) -> None:
    backend = FakeBackend({"GET /count": 7})
    async with opened(backend, HmacSignature(), **KEY) as graph:
        await ask(graph, "{ count }")
        await ask(graph, "{ count }")
    assert len({call.headers["signature"] for call in backend.calls}) == 2
