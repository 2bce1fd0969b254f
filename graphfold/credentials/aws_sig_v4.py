"""Sign calls with AWS Signature Version 4, using botocore.

botocore comes with `graphfold[aws]` and is imported only where this credential is declared.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from graphfold.credentials.credential import Access, Credential, secret
from graphfold.credentials.optional_libraries import require_extra
from graphfold.settings import BackendSettings
from graphfold.transport.address import Address
from graphfold.transport.call import Call
from graphfold.transport.redaction import SecretForm, secret_forms
from graphfold.transport.session import Session

__all__ = ["AwsSigV4"]


class AwsSigV4(Credential):
    """`AwsSigV4("execute-api", "eu-west-1")`: the settings `key_id` and `secret_key`, and `token` of temporary keys.

    `service` is the name in a signature, e.g. "execute-api" for API Gateway, "lambda", "es".
    """

    needs = ("key_id", "secret_key")
    places = ("authorization",)

    def __init__(self, service: str, region: str) -> None:
        require_extra("AwsSigV4", "aws", "botocore")
        self.service, self.region = service, region

    def session(self, access: Access) -> Session:
        return _AwsSigningSession(access.settings, self.service, self.region)

    def __str__(self) -> str:
        return f"AWS SigV4 ({self.service}, {self.region})"


class _AwsSigningSession(Session):
    def __init__(self, own: BackendSettings, service: str, region: str) -> None:
        auth = import_module("botocore.auth")
        signer = auth.S3SigV4Auth if service == "s3" else auth.SigV4Auth  # S3 alone encodes a path once, not twice
        self._sign: Any = lambda keys, request: signer(keys, service, region).add_auth(request)
        self._request: Any = import_module("botocore.awsrequest").AWSRequest
        self._keys: Any = import_module("botocore.credentials").Credentials
        self._address = Address(own.url or "")
        self._key_id, self._key, self._token = secret(own.key_id), secret(own.secret_key), own.token

    def signed(self, call: Call) -> Call:
        url = f"{self._address.origin.scheme}://{self._address.authority}{self._address.target(call)}"
        request = self._request(method=call.method, url=url, data=call.body, headers=call.headers)
        token = self._token.text if self._token is not None else None
        self._sign(self._keys(self._key_id.text, self._key.text, token), request)
        return call.adding({name.lower(): value for name, value in request.headers.items() if name.lower() != "host"})

    def secrets(self, signed: Call) -> tuple[SecretForm, ...]:
        return secret_forms(self._key.text, self._token.text if self._token is not None else "")
