"""WS-Security with an X.509 signature: signxml, which had no part in making it, finds body and timestamp unchanged."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
import trustme
from lxml import etree

from graphfold.credentials import Access, Signature, Timestamp, UsernameToken, WsSecurity
from graphfold.secret import Secret
from graphfold.settings import BackendSettings
from graphfold.transport.call import Call, Reply

signxml: Any = pytest.importorskip("signxml")
pytest.importorskip("xmlsec")

OASIS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
WSSE, WSU = f"{{{OASIS}wssecurity-secext-1.0.xsd}}", f"{{{OASIS}wssecurity-utility-1.0.xsd}}"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA(key_type=trustme.KeyType.RSA)


@pytest.fixture
def sent(authority: trustme.CA, tmp_path: Path) -> Any:
    """The message as it goes out, twice."""
    ours = authority.issue_cert("gateway.test", key_type=trustme.KeyType.RSA)
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    ours.cert_chain_pems[0].write_to_path(str(certificate))
    ours.private_key_pem.write_to_path(str(key))
    settings = BackendSettings(
        "depot",
        username=Secret("us"),
        password=Secret("pass-word"),
        signing_certificate_file=certificate,
        signing_key_file=key,
    )
    kind = WsSecurity(Timestamp(60), UsernameToken(digest=True), Signature())
    session = kind.session(Access(settings, reach=lambda _: _lost))
    call = Call("POST", "", enclosing=enclosing)
    return [session.signed(call).body for _ in range(2)]  # type: ignore[union-attr]


async def _lost(call: Call) -> Reply:
    raise AssertionError(call)


def enclosing(blocks: str) -> bytes:
    text = f'<soap:Envelope xmlns:soap="{SOAP}"><soap:Header>{blocks}</soap:Header><soap:Body><a>1</a></soap:Body>'
    return f"{text}</soap:Envelope>".encode()


def verified(message: bytes, authority: trustme.CA, tmp_path: Path) -> list[str]:
    """The elements that are signed, as signxml sees it."""
    root = etree.fromstring(message)
    token = base64.b64decode(root.findtext(f".//{WSSE}BinarySecurityToken") or "")
    certificate = base64.encodebytes(token).decode()
    pem = f"-----BEGIN CERTIFICATE-----\n{certificate}-----END CERTIFICATE-----\n"
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    results = signxml.XMLVerifier().verify(
        root,
        x509_cert=pem,
        id_attribute="Id",
        expect_config=signxml.SignatureConfiguration(expect_references=2, location=".//"),
    )
    return sorted(etree.QName(result.signed_xml).localname for result in results)


def test_body_and_timestamp_are_signed(sent: list[bytes], authority: trustme.CA, tmp_path: Path) -> None:
    for message in sent:
        assert verified(message, authority, tmp_path) == ["Body", "Timestamp"]


def test_a_message_that_was_changed_is_noticed(sent: list[bytes], authority: trustme.CA, tmp_path: Path) -> None:
    with pytest.raises(signxml.exceptions.InvalidDigest):
        verified(sent[0].replace(b"<a>1</a>", b"<a>2</a>"), authority, tmp_path)


def test_there_is_one_header_with_the_certificate_before_what_it_proves(sent: list[bytes]) -> None:
    headers = etree.fromstring(sent[0]).findall(f".//{WSSE}Security")
    assert len(headers) == 1
    told = [etree.QName(child).localname for child in headers[0]]
    assert told == ["BinarySecurityToken", "Signature", "Timestamp", "UsernameToken"]


def test_every_attempt_is_written_and_signed_anew(sent: list[bytes]) -> None:
    values = [etree.fromstring(message).findtext(f".//{WSSE}Nonce") for message in sent]
    ids = [etree.fromstring(message).find(f".//{WSU}Timestamp").get(f"{WSU}Id") for message in sent]  # type: ignore[union-attr]
    assert values[0] != values[1]
    assert ids[0] != ids[1]
    assert not [message for message in sent if b"pass-word" in message]
