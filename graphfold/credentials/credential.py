"""What a credential is: a declaration on an adapter, and the session it opens with the secrets of this process."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from graphfold.mistakes import Mistake, author_location
from graphfold.secret import Secret, looks_secret
from graphfold.settings import BackendSettings
from graphfold.transport.session import Reach, Session

__all__ = ["Access", "Credential", "secret"]


@dataclass(frozen=True, slots=True)
class Access:
    """What a session is opened with. `reach` leads to an address without credentials; `clock` counts seconds."""

    settings: BackendSettings
    reach: Reach
    clock: Callable[[], float] = time.monotonic


class Credential:
    """Declared on an adapter: `credential = ApiKey("X-Api-Key")`. Holds no secret: those come from the settings.

    `needs` names the settings it must have, e.g. `("token",)` for GRAPHFOLD_<BACKEND>_TOKEN. `places` are where it is
    put in a call, e.g. `("authorization",)`, and nothing else may. `caller_headers`: those of the caller it hands on,
    so answers are the caller's own. `scoped`: it can be asked for less than all.
    """

    needs: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    caller_headers: tuple[str, ...] = ()
    scoped: bool = False

    def __new__(cls, *given: Any, **named: Any) -> Self:
        """Tells at import when it is handed a secret."""
        if any(looks_secret(value) for value in (*given, *named.values())) or not _takes(cls, given, named):
            raise _mistake(cls)
        return super().__new__(cls)

    def session(self, access: Access) -> Session:
        """Open it for one process."""
        return Session()

    def scope_of(self, declared: str) -> str:
        """What a call may do whose operation declares this scope; empty where that cannot be narrowed."""
        return ""

    def __str__(self) -> str:
        """How it signs in, for people."""
        return "no credential"


def secret(value: Secret | None) -> Secret:
    """A missing one is empty: start-up has already said which setting is missing."""
    return value if value is not None else Secret("")


def _takes(cls: type[Credential], given: tuple[Any, ...], named: dict[str, Any]) -> bool:
    if cls.__init__ is object.__init__:
        return not given and not named
    try:
        inspect.signature(cls.__init__).bind(None, *given, **named)
    except TypeError:
        return False
    return True


def _mistake(cls: type[Credential]) -> Mistake:
    read = " and ".join(f"GRAPHFOLD_<BACKEND>_{need.upper()}" for need in cls.needs)
    takes = "" if cls.__init__ is object.__init__ else str(inspect.signature(cls.__init__)).replace("(self, ", "(")
    return Mistake(
        author_location(),
        f"{cls.__name__}: it takes no secret, and nothing but {cls.__name__}{takes.partition(' -> ')[0] or '()'}",
        why="a secret in code is in every copy of it, for ever.",
        fix=f"set {read}, or the same with _FILE and a path." if read else "leave it out.",
    )
