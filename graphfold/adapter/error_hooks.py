"""Call an author's error hook (`problem`, `fault`, `error`), and survive a defect in it."""

from __future__ import annotations

from collections.abc import Callable
from traceback import extract_tb

from graphfold.errors import GraphError

__all__ = ["add_log_detail", "call_error_hook"]


def call_error_hook(hook: Callable[[], GraphError], fallback: Callable[[], GraphError]) -> GraphError:
    """Return the error that `hook` returns or raises.

    If the hook fails with anything but a `GraphError`, return the error from `fallback`, with the defect for the log.
    """
    try:
        raise hook()
    except GraphError as error:
        return error
    except Exception as defect:  # any kind: the backend's failure matters more
        instead = fallback()
        # The second frame is the author's, called from the `raise` above. Deeper ones may be in a library.
        line = extract_tb(defect.__traceback__)[:2][-1]
        instead.defect = f"{type(defect).__name__} at {line.filename}:{line.lineno}: {defect}"
        return add_log_detail(instead, instead.defect)


def add_log_detail(error: GraphError, detail: str | None) -> GraphError:
    """Append `detail` to the text that is logged with the error, and return the error."""
    error.internal = "; ".join(part for part in (error.internal, detail) if part)
    return error
