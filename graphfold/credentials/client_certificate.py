"""Present a client certificate when a connection is opened (mutual TLS)."""

from __future__ import annotations

from graphfold.credentials.credential import Credential

__all__ = ["ClientCertificate"]


class ClientCertificate(Credential):
    """The certificate of the setting `certificate_file`, and `private_key_file` if the key has a file of its own.

    Connections present it, so a call itself carries nothing. Combine it with another credential by `AllOf`.
    """

    needs = ("certificate_file",)

    def __str__(self) -> str:
        return "client certificate (mTLS)"
