"""Settings: read once from the environment, checked, frozen. One clear line for each that is wrong; no secret is shown.

Every setting is a `GRAPHFOLD_` variable. A backend named `crm` is reached through `GRAPHFOLD_CRM_URL` and its
credentials, each of which may also come from a file (`GRAPHFOLD_CRM_TOKEN_FILE`). A variable that is set to nothing
counts as not set.
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

from graphfold.secret import Secret, path_of, value_of
from graphfold.tls import Tls

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
    """Settings that cannot be used: `problems` has one line for each, naming the variable and what is allowed."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


def _listed(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


Origin = Annotated[str, Field(pattern=r"^(\*|https?://[^/\s,]+)$")]


class Settings(BaseModel):
    """What the operator may set. `Settings()` is the defaults; `Settings.read(os.environ)` reads the variables."""

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
        default=1000, ge=1, description="Most operations at once in one process; one more is told to come back."
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
        description="Most seconds that browsers and CDNs may keep an answer to a GET that is for everybody; 0: none.",
    )
    invalidation_secret: Secret | None = Field(
        default=None, description="What messages to `/invalidate` are signed with; without it there is no such address."
    )
    body_timeout: float = Field(default=10, gt=0, le=3600, description="Seconds a request body may take to arrive.")
    deadline: float = Field(
        default=10,
        gt=0,
        le=3600,
        description="Seconds one operation may take in all; `Graphfold-Deadline` of a request may say less.",
    )
    call_timeout: float = Field(default=5, gt=0, le=3600, description="Seconds one call to a backend may take in all.")
    connect_timeout: float = Field(default=1, gt=0, le=3600, description="Seconds to connect to a backend.")
    execution: Literal["breadth-first", "graphql-core"] = Field(
        default="breadth-first", description="How queries run: as plans, level by level, or by graphql-core."
    )
    allowed_origins: Annotated[tuple[Origin, ...], BeforeValidator(_listed)] = Field(
        default=(), description="Web origins whose pages may ask (`*`: all). None unless set."
    )

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """The settings of this environment. Raises `SettingsError` with every wrong variable."""
        return _read(cls, PREFIX, environment)


class BackendLimits(BaseModel):
    """What the operator may set for one backend, in place of what its adapter declares. None: as declared."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    call_timeout: float | None = Field(
        default=None,
        gt=0,
        le=3600,
        description="Seconds one call may take with its repetitions, waits on our side apart.",
    )
    retries: int | None = Field(default=None, ge=0, le=10, description="Most repetitions of one call.")
    parallel: int | None = Field(default=None, ge=1, le=1_000_000, description="Most calls at once from one process.")
    queue: int | None = Field(default=None, ge=0, le=1_000_000, description="Most calls that wait for their turn.")
    calls_per_minute: int | None = Field(default=None, ge=1, le=1_000_000, description="Most calls in a minute.")
    breaker: Literal["on", "off"] | None = Field(default=None, description="Whether there is a circuit breaker.")

    @classmethod
    def read(cls, name: str, environment: Mapping[str, str]) -> Self:
        """The limits of this backend. Raises `SettingsError` with every wrong variable."""
        return _read(cls, _prefix(name), environment)


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as the documentation lists it."""

    variable: str
    default: str
    allowed: str
    description: str


def settings_table() -> list[Setting]:
    """Every general setting, in order of declaration."""
    return _table(Settings, PREFIX)


def backend_limits_table(backend: str) -> list[Setting]:
    """The settings of one backend that are neither its address nor its credentials."""
    return _table(BackendLimits, _prefix(backend))


def _table(model: type[BaseModel], prefix: str) -> list[Setting]:
    return [
        Setting(f"{prefix}{name.upper()}", _shown(field.default), _allowed(field), field.description or "")
        for name, field in model.model_fields.items()
    ]


def _read(model: type[M], prefix: str, environment: Mapping[str, str]) -> M:
    names = {name: f"{prefix}{name.upper()}" for name in model.model_fields}
    problems: list[str] = []
    given: dict[str, Any] = {name: _secret(names[name], environment, problems) for name in _secret_fields(model)}
    given |= {name: environment[names[name]] for name in names if name not in given and environment.get(names[name])}
    try:
        read = model.model_validate(given)
    except ValidationError as error:
        wrong = dict.fromkeys(str(problem["loc"][0]) for problem in error.errors())
        told = [
            f"{names[name]} is {given[name]!r}; it has to be {_allowed(model.model_fields[name])}." for name in wrong
        ]
        raise SettingsError([*told, *problems]) from None
    if problems:
        raise SettingsError(problems)
    return read


def _secret_fields(model: type[BaseModel]) -> list[str]:
    return [name for name, field in model.model_fields.items() if Secret in get_args(field.annotation)]


def _variable(name: str) -> str:
    return PREFIX + name.upper()


def _shown(default: object) -> str:
    return "" if default in ((), None) else str(default)


def _allowed(field: FieldInfo) -> str:
    kind = field.annotation
    if type(None) in get_args(kind):
        kind = get_args(kind)[0]
    if get_origin(kind) is Literal:
        return " or ".join(get_args(kind))
    if kind is Secret:
        return f"a text of at least {SHORTEST_SECRET} characters, or with `_FILE` behind its name a file with it"
    kinds: dict[object, str] = {int: "a whole number", float: "a number of seconds"}
    bounds = {"ge": "of at least", "gt": "greater than", "le": "at most"}
    told = [f"{word} {getattr(m, key)}" for m in field.metadata for key, word in bounds.items() if hasattr(m, key)]
    return " ".join(
        [kinds.get(kind, "origins such as https://shop.example, separated by commas"), ", ".join(told)]
    ).strip()


@dataclass(frozen=True, slots=True)
class BackendSettings:
    """Where one backend is and what we show it. What is not set is None; secrets do not print, nor do addresses.

    `token_url` is where OAuth2 tokens are issued, if the backend does not do that itself. `tls` is made of the files of
    an authority and of a certificate with its key, where any is set.
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
    tls: Tls | None = field(default=None, repr=False)

    @classmethod
    def read(cls, name: str, environment: Mapping[str, str]) -> Self:
        """This backend's settings. Raises `SettingsError` with everything that is wrong with them."""
        problems: list[str] = []
        prefix = _prefix(name)
        values = {part: value_of(f"{prefix}{part.upper()}", environment, problems) for part in (*_ADDRESSES, *_SECRETS)}
        files = {part: path_of(f"{prefix}{part.upper()}", environment, problems) for part in _FILES}
        url, token_url = (value.text if (value := values[part]) is not None else None for part in _ADDRESSES)
        problems += _url_problems(prefix, "URL", url, environment)
        problems += _url_problems(prefix, "TOKEN_URL", token_url, environment)
        tls = None if problems else _tls(prefix, files, values["private_key_password"], problems)
        if problems:
            raise SettingsError(problems)
        told: dict[str, Any] = {part: values[part] for part in _SECRETS}
        told |= {part: files[part] for part in ("certificate_file", "signing_certificate_file", "signing_key_file")}
        return cls(name, url, token_url, **told, tls=tls, limits=BackendLimits.read(name, environment))

    @property
    def address(self) -> str:
        """The URL as it may be shown, without user name and query; empty where it is not set."""
        parts = urlsplit(self.url or "")
        return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()

    @property
    def proofs(self) -> tuple[Secret, ...]:
        """What proves who we are. Names and ids only say it, and may be ordinary words."""
        return tuple(proof for part in _PROOFS if (proof := getattr(self, part)) is not None)

    def missing(self, needs: Collection[str]) -> list[str]:
        """The variables that are not set of those needed: names of fields in, full variable names out."""
        return [f"{_prefix(self.name)}{part.upper()}" for part in _PARTS if part in needs and not getattr(self, part)]


def _prefix(backend: str) -> str:
    return f"{PREFIX}{re.sub(r'[^A-Za-z0-9]', '_', backend).upper()}_"


def _secret(variable: str, environment: Mapping[str, str], problems: list[str]) -> Secret | None:
    """A secret that is chosen by the operator, and so may be too easy to guess."""
    secret = value_of(variable, environment, problems)
    if secret is not None and len(secret.text) < SHORTEST_SECRET:
        problems.append(f"{variable} is too short; it has to be a text of at least {SHORTEST_SECRET} characters.")
    return secret


def _tls(prefix: str, files: Mapping[str, Path | None], password: Secret | None, problems: list[str]) -> Tls | None:
    ca, certificate, key = (files[part] for part in _FILES[:3])
    if key is not None and certificate is None:
        problems.append(f"{prefix}PRIVATE_KEY_FILE is set without {prefix}CERTIFICATE_FILE; set both or none.")
    if ca is None and certificate is None:
        return None
    try:
        return Tls(ca, certificate, key, password)
    except OSError as error:  # an ssl.SSLError is one, too
        told = "_FILE, ".join(prefix + part for part in ("CA", "CERTIFICATE", "PRIVATE_KEY"))
        problems.append(f"{told}_FILE: these are no PEM files that belong together ({error.strerror}).")
        return None


def _url_problems(prefix: str, part: str, url: str | None, environment: Mapping[str, str]) -> list[str]:
    """Never shows the URL: one that is wrong may well be a secret in the wrong variable."""
    if url is None:
        return []
    parts = _split(url)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        return [f"{prefix}{part} is not an address; it has to look like https://host/path."]
    if parts.username is not None or parts.password is not None:
        return [f"{prefix}{part} has a user name in it; put it into {prefix}USERNAME and {prefix}PASSWORD instead."]
    if part == "URL" and re.search("[?#]", url):  # a token address may have a query (RFC 6749 section 3.2)
        told = f"{prefix}URL has a query or a fragment in it; the paths of calls are added at its end"
        return [f"{told}. End it before the `?` or `#`; what every call has to say belongs in the adapter."]
    if parts.scheme == "http" and not _loopback(parts.hostname) and environment.get(f"{prefix}ALLOW_HTTP") != "1":
        told = f"{prefix}{part} is plain http to {parts.hostname}, which sends credentials unprotected"
        return [f"{told}; use https, or set {prefix}ALLOW_HTTP=1 to allow it."]
    return []


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # a bad port is noticed only when it is read
    except ValueError:
        return None
    return None if re.search(r"\s", url) else parts


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def read_dotenv(path: Path) -> dict[str, str]:
    """The variables of a `.env` file; none when there is no such file. For development only."""
    return {name: value for name, value in _dotenv.dotenv_values(path).items() if value is not None}


def unknown_variables(environment: Mapping[str, str], backends: Iterable[str]) -> list[str]:
    """One line for each `GRAPHFOLD_` variable that nothing reads, with the name that was probably meant."""
    known = [_variable(name) for name in Settings.model_fields]
    known += [f"{_variable(name)}_FILE" for name in _secret_fields(Settings)]
    for backend in backends:
        known += [f"{_prefix(backend)}{part.upper()}" for part in _PARTS]
        known += [f"{_prefix(backend)}{part.upper()}_FILE" for part in (*_ADDRESSES, *_SECRETS)]
        known.append(f"{_prefix(backend)}ALLOW_HTTP")
        known += [setting.variable for setting in backend_limits_table(backend)]
    return [_unknown(name, known) for name in sorted(environment) if name.startswith(PREFIX) and name not in known]


def _unknown(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.75)
    return f"{name} is set but nothing reads it" + (f"; did you mean {near[0]}?" if near else ".")
