"""What an adapter says of itself in class attributes: misspelt names and values that cannot be are told at import."""

from __future__ import annotations

import inspect
from difflib import get_close_matches
from math import isfinite
from typing import TYPE_CHECKING, Any, Literal, get_args

from graphfold.loading.backend_operation import BackendOperation
from graphfold.mistakes import Mistake, author_location
from graphfold.secret import looks_secret, names_secret

if TYPE_CHECKING:
    from graphfold.adapter.base import Adapter

__all__ = ["Identity", "check_attributes", "secret_in_code"]

Identity = Literal["viewer", "service"]

_LONGEST = 3600
"""Seconds, as for the settings that say the same."""


def check_attributes(cls: type[Adapter]) -> None:
    _check_names(cls)
    _check_identity(cls)
    _check_timeout(cls)
    _check_secrets(cls)


def _check_names(cls: type[Adapter]) -> None:
    """An author's own constants are fine, but for those that look like one of ours."""
    ours = _declared(cls)
    for name in _own(cls):
        for meant in get_close_matches(name, ours, n=1, cutoff=0.8):
            raise Mistake(
                author_location(),
                f"{cls.__name__}.{name} is nothing that an adapter declares; did you mean {meant}?",
                why="nobody reads it, and the default is taken instead.",
                fix=f"write {meant} = ..., or annotate what is your own: {name}: ClassVar[...] = ...",
            )


def _declared(cls: type[Adapter]) -> list[str]:
    ours = [kind for kind in cls.__mro__ if kind.__module__.startswith("graphfold.adapter.")]
    return [name for kind in ours for name in inspect.get_annotations(kind) if name[:1] != "_"]


def _own(cls: type[Adapter]) -> list[str]:
    """Plain values of this class body that have neither an annotation nor a meaning in a base class."""
    annotated = inspect.get_annotations(cls)
    return [
        name
        for name, value in vars(cls).items()
        if name[:1] != "_"
        and name not in annotated
        and not any(hasattr(base, name) or name in inspect.get_annotations(base) for base in cls.__mro__[1:])
        and _is_plain(value)
    ]


def _is_plain(value: Any) -> bool:
    return not (isinstance(value, BackendOperation) or callable(value) or hasattr(type(value), "__get__"))


def _check_identity(cls: type[Adapter]) -> None:
    known = get_args(Identity)
    if cls.identity not in known:
        raise Mistake(
            author_location(),
            f"{cls.__name__}: identity={cls.identity!r} is not one of {known}",
            why="it says whose answers these are, and who may be shown them.",
            fix='write "service" where the backend is told nothing of the caller, else leave it out ("viewer").',
        )


def _check_timeout(cls: type[Adapter]) -> None:
    if cls.timeout is not None and not _is_time(cls.timeout):
        raise Mistake(
            author_location(),
            f"{cls.__name__}: timeout={cls.timeout!r} cannot be",
            why="it is how long one call may take in total.",
            fix=f"write a number of seconds above 0, at most {_LONGEST}, e.g. timeout = 2.5; or leave it out.",
        )


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value) and 0 < value <= _LONGEST


def _check_secrets(cls: type[Adapter]) -> None:
    for name, value in vars(cls).items():
        if name[:2] == "__":  # of Python's making
            continue
        if looks_secret(value) or (names_secret(name) and isinstance(value, str) and value):
            raise secret_in_code(cls, author_location(), f"{cls.__name__}.{name} looks like a secret")


def secret_in_code(cls: type[Adapter], where: str, what: str) -> Mistake:
    """Return the mistake of a secret that is written out in an adapter."""
    return Mistake(
        where,
        what,
        why="a secret in code is in every copy of it, for ever.",
        fix=f"declare a credential, set GRAPHFOLD_{cls.name.upper()}_..., and change what has been seen here.",
    )
