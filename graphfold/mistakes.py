"""Report an author's mistake at import or at start: the file and line, what is wrong, why, and how to fix it."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Collection
from difflib import get_close_matches
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast, get_args, get_type_hints

__all__ = ["Mistake", "author_location", "class_location", "function_location", "reject_unknown_options"]

C = TypeVar("C", bound=Callable[..., object])

_ENGINE = str(Path(__file__).parent)


class Mistake(TypeError):
    """An adapter, row, type or resolver is declared in a way that cannot work.

    It is raised before the first request, except where the declaration does not show the mistake, as with a parameter
    that no backend can read. `where` is `file:line`; the message has a line each for what, why and the fix.
    """

    def __init__(self, where: str, what: str, *, why: str, fix: str) -> None:
        super().__init__(f"{where}: {what}\n  Why: {why}\n  Fix: {fix}")
        self.where, self.what, self.why, self.fix = where, what, why, fix


def author_location() -> str:
    """Return `file:line` of the author's statement that is being executed: the nearest frame outside the engine."""
    frame = sys._getframe(1)
    while frame.f_back is not None and _is_engine_code(frame.f_code.co_filename):
        frame = frame.f_back
    return _location(frame.f_code.co_filename, frame.f_lineno)


def function_location(function: Callable[..., object], below: int = 0) -> str:
    """Return `file:line` of a function's `def` (or of its first decorator), or of a line that many `below` it."""
    code = getattr(function, "__code__", None)
    return _location(code.co_filename, code.co_firstlineno + below) if code is not None else author_location()


def class_location(declared: type) -> str:
    """Return `file:line` of a class, or only its module where its source cannot be read."""
    try:
        return _location(inspect.getfile(declared), inspect.getsourcelines(declared)[1])
    except (OSError, TypeError):
        return declared.__module__


def reject_unknown_options(declared: C) -> C:
    """Decorate a function or class to raise a `Mistake` with a suggestion for a keyword that it does not take."""
    # A class keeps its identity: only its `__init__` is wrapped, so `isinstance` and subclassing work as before.
    decorated: Any = declared
    target = decorated.__init__ if isinstance(declared, type) else decorated
    options = _options(target)

    @wraps(target)
    def checked(*args: object, **kwargs: object) -> object:
        for option in kwargs:
            if option not in options:
                raise _unknown_option(decorated.__name__, option, options)
        return target(*args, **kwargs)

    if isinstance(declared, type):
        decorated.__init__ = checked
        return cast("C", decorated)
    return cast("C", checked)


def _options(function: Callable[..., object]) -> list[str]:
    """Return the names of the keywords a function takes; for `**more: Unpack[More]` those of the `TypedDict`."""
    names: list[str] = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            (entries,) = get_args(get_type_hints(function)[parameter.name])
            names += get_type_hints(entries)
        elif parameter.name != "self":
            names.append(parameter.name)
    return names


def _unknown_option(name: str, option: str, options: Collection[str]) -> Mistake:
    close = get_close_matches(option, options, n=1)
    return Mistake(
        author_location(),
        f"{name} has no option {option!r}" + (f"; did you mean {close[0]}?" if close else ""),
        why="an unknown option would have no effect.",
        fix=f"use one of {', '.join(options)}.",
    )


def _is_engine_code(filename: str) -> bool:
    """Return whether a frame of this file may lie between the author's statement and the engine.

    Importing and the making of generic and abstract classes run code of the standard library, generated code (`<`) too.
    """
    return filename.startswith((_ENGINE, "<")) or "importlib" in filename or filename.endswith(("typing.py", "abc.py"))


def _location(filename: str, line: int) -> str:
    path = Path(filename)
    try:
        return f"{path.relative_to(Path.cwd())}:{line}"
    except ValueError:
        return f"{path}:{line}"
