"""WS-Security X.509 signature over a message's body and timestamp, by zeep and xmlsec (`graphfold[wss]`)."""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from lxml import etree

from graphfold.credentials.credential import Access, secret
from graphfold.credentials.extras import extra
from graphfold.credentials.ws_security import SECURITY, Seal, SecurityToken
from graphfold.secret import FileWatch, Secret

__all__ = ["Signature"]


class Signature(SecurityToken):
    """Signs with the files of the settings `signing_certificate_file` and `signing_key_file` (PEM).

    RSA with SHA-256, exclusive canonicalisation, the certificate as BinarySecurityToken (X.509 Token Profile 1.1).
    With a time in what is signed: `WsSecurity(Timestamp(), Signature())`.
    """

    needs = ("signing_certificate_file", "signing_key_file")

    def __init__(self) -> None:
        extra("Signature", "wss", "xmlsec")

    def seal(self, access: Access) -> Seal:
        own = access.settings
        assert own.signing_certificate_file is not None  # start-up has said which settings are missing
        assert own.signing_key_file is not None
        return _Signer(own.signing_key_file, own.signing_certificate_file, secret(own.signing_key_password))

    def __str__(self) -> str:
        return "WS-Security X.509 signature"


class _Signer:
    def __init__(
        self, key: Path, certificate: Path, password: Secret, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._files, self._password = (key, certificate), password
        self._watch = FileWatch(key, certificate, clock=clock)
        self._signature = self._read()

    def __call__(self, message: bytes) -> bytes:
        if self._watch.due and self._watch.changed():
            self._signature = self._read()
        envelope = etree.fromstring(message, _PARSER)
        self._signature.apply(envelope, {})
        _token_first(envelope)
        return etree.tostring(envelope, encoding="utf-8", xml_declaration=True)

    def _read(self) -> Any:
        signing: Any = import_module("zeep.wsse.signature").BinarySignature
        transform: Any = import_module("xmlsec").Transform
        key, certificate = map(str, self._files)
        return signing(key, certificate, self._password.text, transform.RSA_SHA256, transform.SHA256)


_PARSER = etree.XMLParser(resolve_entities=False, no_network=True)


def _token_first(envelope: Any) -> None:
    """Who reads a message from front to end has to know the certificate before the signature."""
    token = envelope.find(f".//{{{SECURITY}}}BinarySecurityToken")
    token.getparent().insert(0, token)
