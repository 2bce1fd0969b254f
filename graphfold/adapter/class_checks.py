"""Check what an adapter declares when its class is defined, so that a mistake shows at import.

The checks see an adapter class only through `DeclaredAdapter`. `base` imports this module, not the other way round.
"""

from __future__ import annotations

import inspect
import re
from difflib import get_close_matches
from typing import ClassVar, Literal, Protocol, cast, get_args

from graphfold.adapter.forwarded_headers import CREDENTIAL_HEADERS, HOP_HEADERS
from graphfold.credentials.credential import Credential
from graphfold.credentials.ws_security import MESSAGE
from graphfold.loading.backend_operation import BackendOperation
from graphfold.manifest import Manifest
from graphfold.mistakes import Mistake, author_location
from graphfold.resilience.options import Resilience
from graphfold.secret import is_secret_name, looks_like_secret

__all__ = ["DeclaredAdapter", "Identity", "check_adapter_class", "check_operation", "secret_in_code"]

Identity = Literal["viewer", "service"]

_MAX_TIMEOUT = 3600
"""Seconds; the settings for timeouts have the same limit."""

_HEADER_NAME = re.compile(r"[!#$%&'+\-.^_`|~0-9a-z]+")
_SCOPES = re.compile(r"[!#-\[\]-~]+( [!#-\[\]-~]+)*")  # RFC 6749 section 3.3


class DeclaredAdapter(Protocol):
    """The class attributes of an adapter that are checked."""

    name: ClassVar[str]
    protocol: ClassVar[str]
    manifest: ClassVar[Manifest]
    identity: ClassVar[Identity]
    credential: ClassVar[Credential]
    propagates: ClassVar[tuple[str, ...]]
    resilience: ClassVar[Resilience]
    timeout: ClassVar[float | None]


def check_adapter_class(cls: type[DeclaredAdapter]) -> None:
    """Raise `Mistake` for a class attribute that is misspelt, impossible, or in conflict with another."""
    _check_attribute_names(cls)
    _check_identity(cls)
    _check_timeout(cls)
    _check_secrets(cls)
    _check_name(cls)
    _check_credential(cls)
    _check_propagates(cls)
    _check_resilience(cls)
    _check_manifest(cls)


def check_operation(cls: type[DeclaredAdapter], operation: BackendOperation) -> None:
    """Raise `Mistake` for an operation whose share or scope conflicts with the adapter's identity or credential."""
    share, scope, credential = operation.policy.share, operation.policy.scope, cls.credential
    public_for_viewer = share == "public" and operation.policy.ttl and cls.identity == "viewer"
    if public_for_viewer or (share != "viewer" and credential.caller_headers):
        raise Mistake(
            author_location(),
            f'{cls.__name__}.{operation.name}: share="{share}", but {cls.__name__} calls as the viewer',
            why="one viewer's answer would be shown to another.",
            fix='use share="viewer", or say identity = "service" if it calls with its own credentials.',
        )
    if scope and not credential.scoped:
        raise Mistake(
            author_location(),
            f"{cls.__name__}.{operation.name}: scope={scope!r}, but its credential has no scopes",
            why="only access tokens are requested for a scope; other credentials always carry all their rights.",
            fix='use credential = ClientCredentials("/oauth/token"), or leave the scope out.',
        )
    if scope and not _SCOPES.fullmatch(scope):
        raise Mistake(
            author_location(),
            f"{cls.__name__}.{operation.name}: scope={scope!r} is not valid",
            why="scopes are words without quotation marks, separated by one space (RFC 6749 section 3.3).",
            fix='write it as the backend does, e.g. scope="orders:read".',
        )


def secret_in_code(cls: type[DeclaredAdapter], where: str, what: str) -> Mistake:
    """Return the mistake of a secret that is written out in an adapter."""
    return Mistake(
        where,
        what,
        why="a secret in code is in every copy of the code, for ever.",
        fix=f"declare a credential, set GRAPHFOLD_{cls.name.upper()}_..., and replace the exposed secret.",
    )


def _check_attribute_names(cls: type[DeclaredAdapter]) -> None:
    """Refuse a constant whose name is close to that of an engine attribute; other constants are the author's own."""
    engine_names = [
        name
        for base in cls.__mro__
        if base.__module__.startswith("graphfold.adapter.")
        for name in inspect.get_annotations(base)
        if name[:1] != "_"
    ]
    for name in _author_constants(cls):
        for meant in get_close_matches(name, engine_names, n=1, cutoff=0.8):
            raise Mistake(
                author_location(),
                f"{cls.__name__}.{name} is not an attribute of adapters; did you mean {meant}?",
                why="the engine does not read it and uses the default instead.",
                fix=f"write {meant} = ..., or annotate a constant of your own: {name}: ClassVar[...] = ...",
            )


def _author_constants(cls: type[DeclaredAdapter]) -> list[str]:
    """Return the names of plain values in the class body that have no annotation and override nothing."""
    annotated = inspect.get_annotations(cls)
    return [
        name
        for name, value in vars(cls).items()
        if name[:1] != "_"
        and name not in annotated
        and not any(hasattr(base, name) or name in inspect.get_annotations(base) for base in cls.__mro__[1:])
        and not (isinstance(value, BackendOperation) or callable(value) or hasattr(type(value), "__get__"))
    ]


def _check_identity(cls: type[DeclaredAdapter]) -> None:
    choices = get_args(Identity)
    if cls.identity not in choices:
        raise Mistake(
            author_location(),
            f"{cls.__name__}: identity={cls.identity!r} is not one of {choices}",
            why="it decides whether viewers may share an answer.",
            fix='write "service" if requests carry nothing about the caller, else leave it out ("viewer").',
        )


def _check_timeout(cls: type[DeclaredAdapter]) -> None:
    timeout: object = cls.timeout
    if timeout is None:
        return
    is_number = isinstance(timeout, int | float) and not isinstance(timeout, bool)  # True is an int
    if not (is_number and 0 < cast("float", timeout) <= _MAX_TIMEOUT):  # no comparison with nan is true
        raise Mistake(
            author_location(),
            f"{cls.__name__}: timeout={timeout!r} is not valid",
            why="it limits the total time of one call.",
            fix=f"write a number of seconds above 0, at most {_MAX_TIMEOUT}, e.g. timeout = 2.5; or leave it out.",
        )


def _check_secrets(cls: type[DeclaredAdapter]) -> None:
    for name, value in vars(cls).items():
        if name[:2] == "__":  # set by Python
            continue
        if looks_like_secret(value) or (is_secret_name(name) and isinstance(value, str) and value):
            raise secret_in_code(cls, author_location(), f"{cls.__name__}.{name} looks like a secret")


def _check_name(cls: type[DeclaredAdapter]) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", cls.name):
        raise Mistake(
            author_location(),
            f"{cls.__name__}: name={cls.name!r} is not a backend's name",
            why="it is part of settings (GRAPHFOLD_CRM_URL), log fields and error reports.",
            fix='use lower case letters, digits and underscores, e.g. name = "crm".',
        )


def _check_credential(cls: type[DeclaredAdapter]) -> None:
    credential: object = cls.credential
    if not isinstance(credential, Credential):
        # the message has the type only: the value may be the secret itself
        kind = credential.__name__ if isinstance(credential, type) else f"a {type(credential).__name__}"
        raise Mistake(
            author_location(),
            f"{cls.__name__}: credential={kind} is no credential",
            why="it says how the adapter signs in; its secrets come from the settings.",
            fix='use one of graphfold.credentials with its brackets, e.g. credential = ApiKey("X-Api-Key").',
        )
    if MESSAGE in credential.places and cls.protocol != "SOAP":
        raise Mistake(
            author_location(),
            f"{cls.__name__}: {credential} is for SOAP messages, but the adapter speaks {cls.protocol}",
            why="WS-Security is a header block of a SOAP envelope, and this adapter sends none.",
            fix="use a credential that is sent in an HTTP header, e.g. Basic().",
        )
    if credential.caller_headers and cls.identity != "viewer":
        raise Mistake(
            author_location(),
            f'{cls.__name__}: identity="service", but its credential is the caller\'s',
            why="the backend's answer holds what this caller may see, and would be shared with others.",
            fix='leave identity out ("viewer"), or use a credential of the service.',
        )


def _check_propagates(cls: type[DeclaredAdapter]) -> None:
    names: object = cls.propagates
    if isinstance(names, str):
        raise _header_mistake(cls, names, "the names have to be in a tuple.", f'write propagates = ("{names}",).')
    for name in cls.propagates:
        if not _HEADER_NAME.fullmatch(name):
            why = "header names are compared in lower case, and patterns are not supported."
            raise _header_mistake(cls, name, why, 'write it out in lower case, e.g. "accept-language".')
        if name in HOP_HEADERS:
            raise _header_mistake(cls, name, HOP_HEADERS[name], "leave it out.")
        if name in CREDENTIAL_HEADERS and cls.identity != "viewer":
            why = "it identifies the caller, but answers of a service are shared between viewers."
            raise _header_mistake(cls, name, why, 'leave identity out ("viewer"), or the header.')


def _header_mistake(cls: type[DeclaredAdapter], name: str, why: str, fix: str) -> Mistake:
    return Mistake(author_location(), f"{cls.__name__}: propagates {name!r}, which is not allowed", why=why, fix=fix)


def _check_resilience(cls: type[DeclaredAdapter]) -> None:
    if not isinstance(cls.resilience, Resilience):
        raise Mistake(
            author_location(),
            f"{cls.__name__}: resilience={cls.resilience!r} is not a Resilience",
            why="it sets retries, circuit breaker, concurrency and quota of the backend's calls.",
            fix="write resilience = Resilience(...), with `from graphfold.resilience import Resilience`.",
        )


def _check_manifest(cls: type[DeclaredAdapter]) -> None:
    if "manifest" not in cls.__dict__:
        return
    if not isinstance(cls.manifest, Manifest):
        raise Mistake(
            author_location(),
            f"{cls.__name__}: manifest={cls.manifest!r} is no manifest",
            why="it names the adapter's owner.",
            fix='write manifest = Manifest(owner="crm team", contact="crm@company.example").',
        )
    for what, why, fix in cls.manifest.problems():
        raise Mistake(author_location(), f"{cls.__name__}.manifest: {what}", why=why, fix=f"{fix}.")
