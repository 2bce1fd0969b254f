"""WS-Security X.509 signatures, verified by signxml, which had no part in making them."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
import trustme
from lxml import etree

from graphfold.credentials import Access, Session, Signature, Timestamp, UsernameToken, WsSecurity
from graphfold.secret import Secret
from graphfold.settings import BackendSettings, SettingsError
from graphfold.transport.call import Call, Reply

signxml: Any = pytest.importorskip("signxml")
pytest.importorskip("xmlsec")

OASIS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
WSSE, WSU = f"{{{OASIS}wssecurity-secext-1.0.xsd}}", f"{{{OASIS}wssecurity-utility-1.0.xsd}}"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA(key_type=trustme.KeyType.RSA)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def put(issued: trustme.LeafCert, folder: Path, *parts: str) -> None:
    for part in parts:
        pem = issued.cert_chain_pems[0] if part == "cert" else issued.private_key_pem
        pem.write_to_path(str(folder / f"{part}.pem"))


def issued(authority: trustme.CA) -> trustme.LeafCert:
    return authority.issue_cert("gateway.test", key_type=trustme.KeyType.RSA)


def opened(folder: Path, clock: Clock | None = None) -> Session:
    settings = BackendSettings(
        "depot",
        username=Secret("us"),
        password=Secret("pass-word"),
        signing_certificate_file=folder / "cert.pem",
        signing_key_file=folder / "key.pem",
    )
    kind = WsSecurity(Timestamp(60), UsernameToken(digest=True), Signature())
    return kind.session(Access(settings, lambda _: _lost, clock or Clock()))


def signed(session: Session) -> bytes:
    call = session.signed(Call("POST", "", enclosing=enclosing))
    assert call is not None
    return call.body


@pytest.fixture
def sent(authority: trustme.CA, tmp_path: Path) -> Any:
    """Two signed messages of one session."""
    put(issued(authority), tmp_path, "cert", "key")
    session = opened(tmp_path)
    return [signed(session) for _ in range(2)]


async def _lost(call: Call) -> Reply:
    raise AssertionError(call)


def enclosing(blocks: str) -> bytes:
    text = f'<soap:Envelope xmlns:soap="{SOAP}"><soap:Header>{blocks}</soap:Header><soap:Body><a>1</a></soap:Body>'
    return f"{text}</soap:Envelope>".encode()


def verified(message: bytes, authority: trustme.CA, tmp_path: Path) -> list[str]:
    """Verify the message with signxml and return the names of the signed elements."""
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


def test_changed_message_fails_verification(sent: list[bytes], authority: trustme.CA, tmp_path: Path) -> None:
    with pytest.raises(signxml.exceptions.InvalidDigest):
        verified(sent[0].replace(b"<a>1</a>", b"<a>2</a>"), authority, tmp_path)


def test_certificate_precedes_signature_in_one_header(sent: list[bytes]) -> None:
    headers = etree.fromstring(sent[0]).findall(f".//{WSSE}Security")
    assert len(headers) == 1
    names = [etree.QName(child).localname for child in headers[0]]
    assert names == ["BinarySecurityToken", "Signature", "Timestamp", "UsernameToken"]


def test_every_attempt_has_a_fresh_signature(sent: list[bytes]) -> None:
    values = [etree.fromstring(message).findtext(f".//{WSSE}Nonce") for message in sent]
    ids = [etree.fromstring(message).find(f".//{WSU}Timestamp").get(f"{WSU}Id") for message in sent]  # type: ignore[union-attr]
    assert values[0] != values[1]
    assert ids[0] != ids[1]
    assert not [message for message in sent if b"pass-word" in message]


@pytest.mark.parametrize(("first", "then"), [("cert", "key"), ("key", "cert")])
def test_last_matching_pair_is_used_while_files_are_replaced(
    authority: trustme.CA, tmp_path: Path, first: str, then: str, log: list[Any]
) -> None:
    clock, new = Clock(), issued(authority)
    put(issued(authority), tmp_path, "cert", "key")
    session, tokens = opened(tmp_path, clock), []
    for parts in ((), (first,), (then,)):
        put(new, tmp_path, *parts)
        clock.now += 2
        message = signed(session)
        assert verified(message, authority, tmp_path) == ["Body", "Timestamp"]
        tokens.append(etree.fromstring(message).findtext(f".//{WSSE}BinarySecurityToken"))
    assert tokens[0] == tokens[1] != tokens[2]
    events = [line["event"] for line in log]
    assert events == ["signing certificate unusable, the last one stays in use"]


def test_unusable_signing_files_are_reported_at_start(authority: trustme.CA, tmp_path: Path) -> None:
    put(issued(authority), tmp_path, "cert")
    put(issued(authority), tmp_path, "key")
    with pytest.raises(SettingsError, match=r"GRAPHFOLD_DEPOT_SIGNING_KEY_FILE, .*not a matching pair of PEM files"):
        opened(tmp_path)
