"""Define credentials: declared on an adapter without secrets, opened as a session with the secrets of this process."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from graphfold.mistakes import Mistake, author_location
from graphfold.secret import Secret, looks_like_secret
from graphfold.settings import BackendSettings
from graphfold.transport.session import Reach, Session

__all__ = ["Access", "Credential", "secret"]


@dataclass(frozen=True, slots=True)
class Access:
    """What a session is opened with. `reach` sends calls without credentials; `clock` counts seconds."""

    settings: BackendSettings
    reach: Reach
    clock: Callable[[], float] = time.monotonic


class Credential:
    """Declared on an adapter: `credential = ApiKey("X-Api-Key")`. Holds no secret: those come from the settings.

    `needs` names the settings it requires, e.g. `("token",)` for GRAPHFOLD_<BACKEND>_TOKEN. `places` are the parts of a
    call that it writes, e.g. `("authorization",)`, and that nothing else may write. `caller_headers` are headers of the
    caller that it passes on, so replies are private to the viewer. `scoped`: a call can be limited to a scope.
    """

    needs: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    caller_headers: tuple[str, ...] = ()
    scoped: bool = False

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Raise a Mistake, at import, for an argument that looks like a secret or does not fit the signature."""
        if any(looks_like_secret(value) for value in (*args, *kwargs.values())) or not _takes(cls, args, kwargs):
            raise _mistake(cls)
        return super().__new__(cls)

    def session(self, access: Access) -> Session:
        """Open a session for this process."""
        return Session()

    def scope_of(self, declared: str) -> str:
        """Return the scope of a call whose operation declares this one; empty for a credential without scopes."""
        return ""

    def __str__(self) -> str:
        """Describe how it signs in, for people."""
        return "no credential"


def secret(value: Secret | None) -> Secret:
    """Return an empty secret in place of None: start-up has already reported which setting is missing."""
    return value if value is not None else Secret("")


def _takes(cls: type[Credential], args: tuple[object, ...], kwargs: dict[str, object]) -> bool:
    if cls.__init__ is object.__init__:
        return not args and not kwargs
    try:
        inspect.signature(cls.__init__).bind(None, *args, **kwargs)
    except TypeError:
        return False
    return True


def _mistake(cls: type[Credential]) -> Mistake:
    read = " and ".join(f"GRAPHFOLD_<BACKEND>_{need.upper()}" for need in cls.needs)
    takes = "" if cls.__init__ is object.__init__ else str(inspect.signature(cls.__init__)).replace("(self, ", "(")
    return Mistake(
        author_location(),
        f"{cls.__name__}: secrets are not arguments; write {cls.__name__}{takes.partition(' -> ')[0] or '()'}",
        why="a secret in code stays in every copy and in the history.",
        fix=f"set {read}, or the same with _FILE and a path." if read else "leave it out.",
    )
