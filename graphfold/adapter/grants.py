"""What an adapter may show its backend, and whose answers it gets for it: contradictions are told at import."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from graphfold.credentials.credential import Credential
from graphfold.credentials.ws_security import MESSAGE
from graphfold.loading.backend_operation import BackendOperation
from graphfold.mistakes import Mistake, author_location

if TYPE_CHECKING:
    from graphfold.adapter.base import Adapter

__all__ = ["check_credential", "check_operation"]

_SCOPES = re.compile(r"[!#-\[\]-~]+( [!#-\[\]-~]+)*")  # RFC 6749 section 3.3


def check_credential(cls: type[Adapter]) -> None:
    if not isinstance(cls.credential, Credential):
        raise Mistake(
            author_location(),
            f"{cls.__name__}: credential={_kind(cls.credential)} is no credential",
            why="it says how the adapter signs in; its secrets come from the settings.",
            fix='use one of graphfold.credentials with its brackets, e.g. credential = ApiKey("X-Api-Key").',
        )
    if MESSAGE in cls.credential.places and cls.protocol != "SOAP":
        raise Mistake(
            author_location(),
            f"{cls.__name__}: {cls.credential} is for SOAP messages, but the adapter speaks {cls.protocol}",
            why="WS-Security stands in the header of a message, and there is none here.",
            fix="use a credential that stands in a header of HTTP, e.g. Basic().",
        )
    if cls.credential.caller_headers and cls.identity != "viewer":
        raise Mistake(
            author_location(),
            f'{cls.__name__}: identity="service", but its credential is the caller\'s',
            why="what the backend answers is what this caller may see.",
            fix='leave identity out ("viewer"), or use a credential of our own.',
        )


def check_operation(cls: type[Adapter], operation: BackendOperation) -> None:
    _check_share(cls, operation)
    _check_scope(cls, operation)


def _check_share(cls: type[Adapter], operation: BackendOperation) -> None:
    share = operation.policy.share
    shown = share == "public" and operation.policy.ttl and cls.identity == "viewer"
    if not shown and not (share != "viewer" and cls.credential.caller_headers):
        return
    raise Mistake(
        author_location(),
        f'{cls.__name__}.{operation.name}: share="{share}", but {cls.__name__} calls as the viewer',
        why="one viewer's answer would be shown to another.",
        fix='use share="viewer", or say identity = "service" if it calls with its own credentials.',
    )


def _check_scope(cls: type[Adapter], operation: BackendOperation) -> None:
    scope = operation.policy.scope
    if not scope:
        return
    if not cls.credential.scoped:
        raise Mistake(
            author_location(),
            f"{cls.__name__}.{operation.name}: scope={scope!r}, but its credential has no scopes",
            why="a scope is what an access token is asked for; other credentials may do all they may, always.",
            fix='use credential = ClientCredentials("/oauth/token"), or leave the scope out.',
        )
    if not _SCOPES.fullmatch(scope):
        raise Mistake(
            author_location(),
            f"{cls.__name__}.{operation.name}: scope={scope!r} cannot be",
            why="scopes are words without quotation marks, one space between two (RFC 6749 section 3.3).",
            fix='write it as the backend does, e.g. scope="orders:read".',
        )


def _kind(value: object) -> str:
    """What was given instead, not its text: that may well be the secret."""
    return value.__name__ if isinstance(value, type) else f"a {type(value).__name__}"
