"""Read the settings from the environment: once, checked, frozen. Each wrong one gets a line; no secret is shown.

Every setting is a `GRAPHFOLD_` variable. A backend named `crm` is reached through `GRAPHFOLD_CRM_URL` and its
credentials, each of which may also come from a file (`GRAPHFOLD_CRM_TOKEN_FILE`). An empty variable counts as not set.
"""

from __future__ import annotations

import difflib
import ipaddress
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar, get_args, get_origin
from urllib.parse import SplitResult, urlsplit

import dotenv as _dotenv
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from graphfold.secret import Secret, read_path, read_secret
from graphfold.tls import TlsFiles

__all__ = [
    "BackendLimits",
    "BackendSettings",
    "Setting",
    "Settings",
    "SettingsError",
    "backend_limits_table",
    "read_dotenv",
    "settings_table",
    "unknown_variables",
]

M = TypeVar("M", bound=BaseModel)

PREFIX = "GRAPHFOLD_"
SHORTEST_SECRET = 16
_SECRETS = (
    "token",
    "username",
    "password",
    "client_id",
    "client_secret",
    "key_id",
    "secret_key",
    "private_key_password",
    "signing_key_password",
)
_PROOFS = tuple(part for part in _SECRETS if part not in ("username", "client_id", "key_id"))
_ADDRESSES = ("url", "token_url")
_FILES = ("ca_file", "certificate_file", "private_key_file", "signing_certificate_file", "signing_key_file")
_PARTS = (*_ADDRESSES, *_SECRETS, *_FILES)


class SettingsError(ValueError):
    """Settings are not usable: `problems` has one line for each, with the variable and the allowed values."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


def _split_list(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


Origin = Annotated[str, Field(pattern=r"^(\*|https?://[^/\s,]+)$")]


class Settings(BaseModel):
    """The general settings. `Settings()` has the defaults; `Settings.read(os.environ)` reads the variables."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    max_body: int = Field(default=1_000_000, ge=1, description="Largest request body, in bytes.")
    max_tokens: int = Field(default=5_000, ge=1, description="Most tokens (names, braces, values ...) in one document.")
    max_depth: int = Field(default=16, ge=1, description="Most levels of fields below one another.")
    max_introspection_depth: int = Field(default=15, ge=1, description="Most levels from `__schema` or `__type` down.")
    max_aliases: int = Field(
        default=30, ge=0, description="Most aliases in one operation, fragments where they are spread."
    )
    max_root_fields: int = Field(default=64, ge=1, description="Most fields at the top of one operation.")
    max_selections: int = Field(
        default=20_000,
        ge=1,
        description="Most selections in one document, fragments spread; repetitions count squared.",
    )
    max_page_size: int = Field(default=100, ge=1, description="Most items on one page (`first`).")
    max_nodes: int = Field(
        default=100_000, ge=1, description="Most objects one operation may ask for, page sizes multiplied."
    )
    max_operations: int = Field(
        default=1000, ge=1, description="Most operations at once in one process; further ones are refused."
    )
    max_reply: int = Field(
        default=10_000_000, ge=1, description="Largest reply of a backend, in bytes after decompression."
    )
    answer_cache: int = Field(
        default=32_000_000, ge=0, description="Bytes of whole answers kept to be sent again; 0 keeps none."
    )
    max_age: int = Field(
        default=0,
        ge=0,
        description="Most seconds that browsers and CDNs may cache a public answer to a GET; 0: not at all.",
    )
    invalidation_secret: Secret | None = Field(
        default=None,
        description="The secret that messages to `/invalidate` are signed with; without it there is no such endpoint.",
    )
    body_timeout: float = Field(default=10, gt=0, le=3600, description="Seconds a request body may take to arrive.")
    deadline: float = Field(
        default=10,
        gt=0,
        le=3600,
        description="Seconds one operation may take in all; a request's `Graphfold-Deadline` header may lower it.",
    )
    call_timeout: float = Field(default=5, gt=0, le=3600, description="Seconds one call to a backend may take in all.")
    connect_timeout: float = Field(default=1, gt=0, le=3600, description="Seconds to connect to a backend.")
    execution: Literal["breadth-first", "graphql-core"] = Field(
        default="breadth-first", description="How queries run: as plans, level by level, or by graphql-core."
    )
    allowed_origins: Annotated[tuple[Origin, ...], BeforeValidator(_split_list)] = Field(
        default=(), description="Web origins whose pages may send requests (`*`: all). None unless set."
    )

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """Return the settings of this environment. Raise `SettingsError` with every wrong variable."""
        return _read(cls, PREFIX, environment)


class BackendLimits(BaseModel):
    """Settings that override an adapter's declarations for its backend. None keeps the declared value."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    call_timeout: float | None = Field(
        default=None,
        gt=0,
        le=3600,
        description="Seconds one call may take with its retries, not counting waits in the gateway.",
    )
    retries: int | None = Field(default=None, ge=0, le=10, description="Most retries of one call.")
    parallel: int | None = Field(default=None, ge=1, le=1_000_000, description="Most calls at once from one process.")
    queue: int | None = Field(default=None, ge=0, le=1_000_000, description="Most calls that wait for a slot.")
    calls_per_minute: int | None = Field(default=None, ge=1, le=1_000_000, description="Most calls in a minute.")
    breaker: Literal["on", "off"] | None = Field(default=None, description="Whether there is a circuit breaker.")

    @classmethod
    def read(cls, name: str, environment: Mapping[str, str]) -> Self:
        """Return the limits of this backend. Raise `SettingsError` with every wrong variable."""
        return _read(cls, _prefix(name), environment)


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as the documentation lists it."""

    variable: str
    default: str
    allowed: str
    description: str


def settings_table() -> list[Setting]:
    """Return every general setting, in order of declaration."""
    return _table(Settings, PREFIX)


def backend_limits_table(backend: str) -> list[Setting]:
    """Return the settings of one backend that are neither its address nor its credentials."""
    return _table(BackendLimits, _prefix(backend))


def _table(model: type[BaseModel], prefix: str) -> list[Setting]:
    return [
        Setting(
            f"{prefix}{name.upper()}",
            "" if field.default in ((), None) else str(field.default),
            _allowed(field),
            field.description or "",
        )
        for name, field in model.model_fields.items()
    ]


def _read(model: type[M], prefix: str, environment: Mapping[str, str]) -> M:
    variables = {name: f"{prefix}{name.upper()}" for name in model.model_fields}
    problems: list[str] = []
    values: dict[str, Any] = {name: _secret(variables[name], environment, problems) for name in _secret_fields(model)}
    for name, variable in variables.items():
        if name not in values and environment.get(variable):
            values[name] = environment[variable]
    try:
        settings = model.model_validate(values)
    except ValidationError as error:
        wrong = dict.fromkeys(str(problem["loc"][0]) for problem in error.errors())
        lines = [
            f"{variables[name]} is {values[name]!r}; it has to be {_allowed(model.model_fields[name])}."
            for name in wrong
        ]
        raise SettingsError([*lines, *problems]) from None
    if problems:
        raise SettingsError(problems)
    return settings


def _secret_fields(model: type[BaseModel]) -> list[str]:
    return [name for name, field in model.model_fields.items() if Secret in get_args(field.annotation)]


def _allowed(field: FieldInfo) -> str:
    kind = field.annotation
    if type(None) in get_args(kind):
        kind = get_args(kind)[0]
    if get_origin(kind) is Literal:
        return " or ".join(get_args(kind))
    if kind is Secret:
        return (
            f"a text of at least {SHORTEST_SECRET} characters, or a file with it where `_FILE` is appended to the name"
        )
    kinds: dict[object, str] = {int: "a whole number", float: "a number of seconds"}
    bounds = {"ge": "of at least", "gt": "greater than", "le": "at most"}
    limits = [f"{word} {getattr(m, key)}" for m in field.metadata for key, word in bounds.items() if hasattr(m, key)]
    name = kinds.get(kind, "origins such as https://shop.example, separated by commas")
    return f"{name} {', '.join(limits)}".strip()


@dataclass(frozen=True, slots=True)
class BackendSettings:
    """The address and credentials of one backend; None where not set. Addresses and secrets are kept out of `repr`.

    `token_url` is where OAuth2 tokens are issued, if not by the backend itself. `tls` is made of the files of an
    authority and of a client certificate with its key, where any is set.
    """

    name: str
    url: str | None = field(default=None, repr=False)
    token_url: str | None = field(default=None, repr=False)
    token: Secret | None = None
    username: Secret | None = None
    password: Secret | None = None
    client_id: Secret | None = None
    client_secret: Secret | None = None
    limits: BackendLimits = field(default_factory=BackendLimits)
    key_id: Secret | None = None
    secret_key: Secret | None = None
    private_key_password: Secret | None = None
    signing_key_password: Secret | None = None
    certificate_file: Path | None = field(default=None, repr=False)
    signing_certificate_file: Path | None = field(default=None, repr=False)
    signing_key_file: Path | None = field(default=None, repr=False)
    tls: TlsFiles | None = field(default=None, repr=False)

    @classmethod
    def read(cls, name: str, environment: Mapping[str, str]) -> Self:
        """Return this backend's settings. Raise `SettingsError` with every wrong variable."""
        problems: list[str] = []
        prefix = _prefix(name)
        values = {
            part: read_secret(f"{prefix}{part.upper()}", environment, problems) for part in (*_ADDRESSES, *_SECRETS)
        }
        files = {part: read_path(f"{prefix}{part.upper()}", environment, problems) for part in _FILES}
        url, token_url = (value.text if (value := values[part]) is not None else None for part in _ADDRESSES)
        problems += _url_problems(prefix, "URL", url, environment)
        problems += _url_problems(prefix, "TOKEN_URL", token_url, environment)
        tls = None if problems else _tls(prefix, files, values["private_key_password"], problems)
        if problems:
            raise SettingsError(problems)
        fields: dict[str, Any] = {part: values[part] for part in _SECRETS}
        fields |= {part: files[part] for part in ("certificate_file", "signing_certificate_file", "signing_key_file")}
        return cls(name, url, token_url, **fields, tls=tls, limits=BackendLimits.read(name, environment))

    @property
    def address(self) -> str:
        """The URL without user name and query, fit to be shown; empty where it is not set."""
        parts = urlsplit(self.url or "")
        return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()

    @property
    def proofs(self) -> tuple[Secret, ...]:
        """The secrets that must not leak, but not user names and ids, which may be ordinary words."""
        return tuple(proof for part in _PROOFS if (proof := getattr(self, part)) is not None)

    def missing(self, needs: Collection[str]) -> list[str]:
        """Return the variables that are not set of the fields that are needed."""
        return [f"{_prefix(self.name)}{part.upper()}" for part in _PARTS if part in needs and not getattr(self, part)]


def _prefix(backend: str) -> str:
    return f"{PREFIX}{re.sub(r'[^A-Za-z0-9]', '_', backend).upper()}_"


def _secret(variable: str, environment: Mapping[str, str], problems: list[str]) -> Secret | None:
    """Return a secret that the operator chooses; one that is too short is a problem, since it could be guessed."""
    secret = read_secret(variable, environment, problems)
    if secret is not None and len(secret.text) < SHORTEST_SECRET:
        problems.append(f"{variable} is too short; it has to be a text of at least {SHORTEST_SECRET} characters.")
    return secret


def _tls(
    prefix: str, files: Mapping[str, Path | None], password: Secret | None, problems: list[str]
) -> TlsFiles | None:
    ca, certificate, key = (files[part] for part in _FILES[:3])
    if key is not None and certificate is None:
        problems.append(f"{prefix}PRIVATE_KEY_FILE is set without {prefix}CERTIFICATE_FILE; set both or none.")
    if ca is None and certificate is None:
        return None
    try:
        return TlsFiles(ca, certificate, key, password)
    except OSError as error:  # an ssl.SSLError is one, too
        variables = ", ".join(f"{prefix}{part}_FILE" for part in ("CA", "CERTIFICATE", "PRIVATE_KEY"))
        problems.append(f"{variables}: the files are not a matching pair of PEM files ({error.strerror}).")
        return None


def _url_problems(prefix: str, part: str, url: str | None, environment: Mapping[str, str]) -> list[str]:
    """Return what is wrong with a URL, without showing it: it may be a secret in the wrong variable."""
    if url is None:
        return []
    parts = _parse(url)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        return [f"{prefix}{part} is not an address; it has to look like https://host/path."]
    if parts.username is not None or parts.password is not None:
        return [f"{prefix}{part} has a user name in it; put it into {prefix}USERNAME and {prefix}PASSWORD instead."]
    if part == "URL" and re.search("[?#]", url):  # a token address may have a query (RFC 6749 section 3.2)
        problem = f"{prefix}URL has a query or a fragment in it; the paths of calls are added at its end"
        return [f"{problem}. End it before the `?` or `#`; parameters of every call belong in the adapter."]
    if parts.scheme == "http" and not _is_loopback(parts.hostname) and environment.get(f"{prefix}ALLOW_HTTP") != "1":
        problem = f"{prefix}{part} is plain http to {parts.hostname}, which sends credentials unprotected"
        return [f"{problem}; use https, or set {prefix}ALLOW_HTTP=1 to allow it."]
    return []


def _parse(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # a bad port is noticed only when it is read
    except ValueError:
        return None
    return None if re.search(r"\s", url) else parts


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def read_dotenv(path: Path) -> dict[str, str]:
    """Return the variables of a `.env` file; none when there is no such file. For development only."""
    return {name: value for name, value in _dotenv.dotenv_values(path).items() if value is not None}


def unknown_variables(environment: Mapping[str, str], backends: Iterable[str]) -> list[str]:
    """Return a line for each `GRAPHFOLD_` variable that nothing reads, with the name that was probably meant."""
    known = [setting.variable for setting in settings_table()]
    known += [f"{PREFIX}{name.upper()}_FILE" for name in _secret_fields(Settings)]
    for backend in backends:
        prefix = _prefix(backend)
        known += [f"{prefix}{part.upper()}" for part in _PARTS]
        known += [f"{prefix}{part.upper()}_FILE" for part in (*_ADDRESSES, *_SECRETS)]
        known.append(f"{prefix}ALLOW_HTTP")
        known += [setting.variable for setting in backend_limits_table(backend)]
    lines: list[str] = []
    for name in sorted(environment):
        if name.startswith(PREFIX) and name not in known:
            close = difflib.get_close_matches(name, known, n=1, cutoff=0.75)
            lines.append(f"{name} is set but nothing reads it" + (f"; did you mean {close[0]}?" if close else "."))
    return lines
