"""A certificate of ours that the backend asks for when a connection is made (mutual TLS)."""

from __future__ import annotations

from graphfold.credentials.credential import Credential

__all__ = ["ClientCertificate"]


class ClientCertificate(Credential):
    """The files of the settings `certificate_file` and, where the key has a file of its own, `private_key_file`.

    The connections present it, so there is nothing to do for a call. Beside another credential: `AllOf`.
    """

    needs = ("certificate_file",)

    def __str__(self) -> str:
        return "client certificate (mTLS)"
