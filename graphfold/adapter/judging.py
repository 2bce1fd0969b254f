"""What an adapter's author makes of a failure, and what stands there where that fails itself."""

from __future__ import annotations

from collections.abc import Callable
from traceback import extract_tb

from graphfold.errors import GraphError

__all__ = ["judged", "noted"]


def judged(author: Callable[[], GraphError], otherwise: Callable[[], GraphError]) -> GraphError:
    """What `author` returns or raises. A defect in it hides nothing: then it is `otherwise`, and the log tells why."""
    try:
        raise author()
    except GraphError as error:
        return error
    except Exception as defect:  # whatever it is, the backend's failure matters more
        instead = otherwise()
        instead.defect = _told(defect)
        return noted(instead, instead.defect)


def noted(error: GraphError, more: str | None) -> GraphError:
    """The error, with more for the log."""
    error.internal = "; ".join(part for part in (error.internal, more) if part)
    return error


def _told(defect: Exception) -> str:
    """With the author's line: the first below ours, whatever library it was that gave up."""
    line = extract_tb(defect.__traceback__)[:2][-1]
    return f"{type(defect).__name__} at {line.filename}:{line.lineno}: {defect}"
