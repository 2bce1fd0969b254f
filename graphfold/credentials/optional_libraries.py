"""Check for optional libraries, each of which comes with an extra of the package."""

from __future__ import annotations

from importlib.util import find_spec

from graphfold.mistakes import Mistake, author_location

__all__ = ["require_extra"]


def require_extra(credential: str, extra: str, library: str) -> None:
    """Raise a Mistake if `library` is not installed, naming the extra that brings it."""
    if find_spec(library) is None:
        raise Mistake(
            author_location(),
            f"{credential} needs {library}, which is not installed",
            why="the library is optional: it is loaded only if this credential is declared.",
            fix=f"install graphfold[{extra}].",
        )
