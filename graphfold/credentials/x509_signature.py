"""Sign a SOAP message's body and timestamp with X.509 (WS-Security), using zeep and xmlsec (`graphfold[wss]`)."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import structlog
from lxml import etree

from graphfold.credentials.credential import Access, secret
from graphfold.credentials.optional_libraries import require_extra
from graphfold.credentials.ws_security import SECURITY, Seal, SecurityToken
from graphfold.secret import FileWatch, Secret
from graphfold.settings import SettingsError

__all__ = ["Signature"]

_log = structlog.get_logger("graphfold")


class Signature(SecurityToken):
    """Signs with the files of the settings `signing_certificate_file` and `signing_key_file` (PEM).

    RSA with SHA-256, exclusive canonicalisation, the certificate as BinarySecurityToken (X.509 Token Profile 1.1).
    To sign a timestamp, too: `WsSecurity(Timestamp(), Signature())`.
    """

    needs = ("signing_certificate_file", "signing_key_file")

    def __init__(self) -> None:
        require_extra("Signature", "wss", "xmlsec")

    def seal(self, access: Access) -> Seal:
        own = access.settings
        assert own.signing_certificate_file is not None  # start-up has reported missing settings
        assert own.signing_key_file is not None
        files = own.signing_key_file, own.signing_certificate_file
        try:
            return _Signer(*files, secret(own.signing_key_password), access.clock)
        except ValueError as error:
            variable = f"GRAPHFOLD_{own.name.upper()}_SIGNING"
            raise SettingsError([f"{variable}_KEY_FILE, {variable}_CERTIFICATE_FILE: {error}."]) from None

    def __str__(self) -> str:
        return "WS-Security X.509 signature"


class _Signer:
    """Signs messages. Raises ValueError for unusable files at construction; later the last usable ones stay in use."""

    def __init__(self, key: Path, certificate: Path, password: Secret, clock: Callable[[], float]) -> None:
        self._files, self._password = (key, certificate), password
        self._watch = FileWatch(key, certificate, clock=clock)
        self._signature = self._read()

    def __call__(self, message: bytes) -> bytes:
        if self._watch.due and self._watch.changed():
            self._follow()
        envelope = etree.fromstring(message, _PARSER)
        self._signature.apply(envelope, {})
        _token_first(envelope)
        return etree.tostring(envelope, encoding="utf-8", xml_declaration=True)

    def _follow(self) -> None:
        try:
            self._signature = self._read()
        except ValueError as error:  # a certificate and its key are replaced one after the other
            _log.warning("signing certificate unusable, the last one stays in use", reason=str(error))

    def _read(self) -> Any:
        """Read the files. Sign and verify a message once, since key and certificate may not belong together."""
        signing: Any = import_module("zeep.wsse.signature").BinarySignature
        transform: Any = import_module("xmlsec").Transform
        key, certificate = map(str, self._files)
        try:
            signature = signing(key, certificate, self._password.text, transform.RSA_SHA256, transform.SHA256)
            signature.apply(envelope := etree.fromstring(_EMPTY), {})
            signature.verify(envelope)
        except Exception:  # the exceptions of zeep, xmlsec and the file system have no other base class
            raise ValueError("the files are not a matching pair of PEM files") from None
        return signature


_EMPTY = '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Header/><e:Body/></e:Envelope>'
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True)


def _token_first(envelope: Any) -> None:
    """Move the certificate before the signature, for backends that read a message in one pass."""
    token = envelope.find(f".//{{{SECURITY}}}BinarySecurityToken")
    token.getparent().insert(0, token)
