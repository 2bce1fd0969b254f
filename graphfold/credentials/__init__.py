"""Declare how an adapter signs in to its backend. A public room: authors import from here.

Each credential is a declaration; its secrets come from `GRAPHFOLD_<BACKEND>_...` settings, never from code.
To add one: a subclass of `Credential` in a file of its own, with the settings it `needs` and its `session`.
May import: transport, settings, secret, mistakes, errors.
"""

from graphfold.credentials.all_of import AllOf
from graphfold.credentials.aws_sig_v4 import AwsSigV4
from graphfold.credentials.client_certificate import ClientCertificate
from graphfold.credentials.client_credentials import ClientCredentials
from graphfold.credentials.credential import Access, Credential
from graphfold.credentials.hmac_signature import HmacSignature
from graphfold.credentials.pass_through import PassThrough
from graphfold.credentials.static_credentials import ApiKey, Basic, Bearer
from graphfold.credentials.timestamp import Timestamp
from graphfold.credentials.username_token import UsernameToken
from graphfold.credentials.ws_security import WsSecurity
from graphfold.credentials.x509_signature import Signature
from graphfold.transport.call import Call, Reply
from graphfold.transport.session import Send, Session

__all__ = [
    "Access",
    "AllOf",
    "ApiKey",
    "AwsSigV4",
    "Basic",
    "Bearer",
    "Call",
    "ClientCertificate",
    "ClientCredentials",
    "Credential",
    "HmacSignature",
    "PassThrough",
    "Reply",
    "Send",
    "Session",
    "Signature",
    "Timestamp",
    "UsernameToken",
    "WsSecurity",
]
