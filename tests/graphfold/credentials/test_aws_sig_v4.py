"""AWS Signature Version 4: the received request carries the signature that botocore computes for it."""

from __future__ import annotations

import re
import sys
from typing import Any

import pytest

from graphfold.credentials import AwsSigV4
from graphfold.mistakes import Mistake
from graphfold.testing import FakeBackend, ask
from tests.graphfold.credentials.conftest import Open

pytestmark = pytest.mark.anyio

auth: Any = pytest.importorskip("botocore.auth")
awsrequest: Any = pytest.importorskip("botocore.awsrequest")
keys: Any = pytest.importorskip("botocore.credentials")

KEY = {"GRAPHFOLD_SHOP_KEY_ID": "AKIDEXAMPLE", "GRAPHFOLD_SHOP_SECRET_KEY": "wJalrXUtnFEMI", "GRAPHFOLD_SHOP_TOKEN": ""}
SIGNED = r"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/\d{8}/eu-west-1/execute-api/aws4_request, SignedHeaders=.*, Sig.*"


def expected_signature(request: Any, token: str | None) -> str:
    """Return the signature that botocore computes for the received request, at the time in its header."""
    names = re.findall(r"SignedHeaders=([^,]+)", request.headers["authorization"])[0].split(";")
    aws_request = awsrequest.AWSRequest(
        request.method, str(request.url), data=request.content, headers={name: request.headers[name] for name in names}
    )
    aws_request.context["timestamp"] = request.headers["x-amz-date"]
    signer = auth.SigV4Auth(keys.Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI", token), "execute-api", "eu-west-1")
    text = signer.string_to_sign(aws_request, signer.canonical_request(aws_request))
    return str(signer.signature(text, aws_request))


@pytest.mark.parametrize("token", [None, "session-token"])
async def test_aws_signature_matches_received_request(opened: Open, token: str | None) -> None:
    backend = FakeBackend({"GET /v2/count": 7})
    settings = {**KEY, "GRAPHFOLD_SHOP_URL": "https://shop.test/v2", "GRAPHFOLD_SHOP_TOKEN": token or ""}
    async with opened(backend, AwsSigV4("execute-api", "eu-west-1"), **settings) as graph:
        await ask(graph, '{ count(of: "a b/c") }')
    request = backend.calls[0]
    assert re.fullmatch(SIGNED, request.headers["authorization"])
    assert request.headers["authorization"].endswith(f"Signature={expected_signature(request, token)}")
    assert request.headers.get("x-amz-security-token") == token


def test_aws_without_botocore_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "botocore", None)
    monkeypatch.setattr("graphfold.credentials.optional_libraries.find_spec", lambda _: None)
    with pytest.raises(Mistake, match=r"(?s)AwsSigV4 needs botocore, which is not installed.*graphfold\[aws\]"):
        AwsSigV4("execute-api", "eu-west-1")
