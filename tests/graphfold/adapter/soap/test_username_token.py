"""The WS-Security header: valid, new for every message, and equal to that of zeep except for the nonce."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from lxml import etree
from zeep.wsse.username import UsernameToken as ZeepToken

from graphfold.credentials import Access, UsernameToken
from graphfold.secret import Secret
from graphfold.settings import BackendSettings
from graphfold.transport.call import Call, Reply

OASIS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
WSSE, WSU = f"{{{OASIS}wssecurity-secext-1.0.xsd}}", f"{{{OASIS}wssecurity-utility-1.0.xsd}}"
NAME, PASSWORD = "j&j", "<pass>\u00e9"


def header(*, digest: bool) -> str:
    settings = BackendSettings("depot", username=Secret(NAME), password=Secret(PASSWORD))
    session = UsernameToken(digest=digest).session(Access(settings, reach=lambda _: lost))
    signed = session.signed(Call("POST", "", enclosing=str.encode))
    assert signed is not None
    return signed.body.decode()


async def lost(call: Call) -> Reply:
    raise AssertionError(f"it sends nothing, and not {call}")


def parts(security: Any) -> dict[str, Any]:
    return {part.tag: part for part in security.find(f"{WSSE}UsernameToken")}


def of_zeep(*, digest: bool) -> dict[str, Any]:
    envelope = etree.fromstring(
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body/></e:Envelope>'
    )
    token: Any = ZeepToken
    token(NAME, PASSWORD, use_digest=digest).apply(envelope, {})
    return parts(envelope.find(f".//{WSSE}Security"))


@pytest.mark.parametrize("digest", [False, True])
def test_username_token_equals_that_of_zeep(digest: bool) -> None:
    ours, zeeps = parts(etree.fromstring(header(digest=digest))), of_zeep(digest=digest)
    assert {tag: dict(part.attrib) for tag, part in ours.items()} == {
        tag: dict(part.attrib) for tag, part in zeeps.items()
    }
    assert ours[f"{WSSE}Username"].text == NAME


def test_username_token_with_plain_password() -> None:
    assert parts(etree.fromstring(header(digest=False)))[f"{WSSE}Password"].text == PASSWORD


def test_password_digest_is_sha1_of_nonce_created_and_password() -> None:
    text = header(digest=True)
    texts = {tag: part.text for tag, part in parts(etree.fromstring(text)).items()}
    nonce, created = base64.b64decode(texts[f"{WSSE}Nonce"]), texts[f"{WSU}Created"]
    assert base64.b64decode(texts[f"{WSSE}Password"]) == hashlib.sha1(nonce + f"{created}{PASSWORD}".encode()).digest()
    assert abs(datetime.now(UTC) - datetime.fromisoformat(created)) < timedelta(minutes=1)
    assert len(nonce) == 16
    assert "pass" not in text.replace("Password", "")


def test_each_message_has_its_own_nonce() -> None:
    headers = [etree.fromstring(header(digest=True)) for _ in range(20)]
    assert len({parts(each)[f"{WSSE}Nonce"].text for each in headers}) == 20
