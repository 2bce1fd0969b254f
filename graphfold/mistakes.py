"""What an author did wrong, said at import or start, if it shows by then: file and line, what, why, and the fix."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Collection
from difflib import get_close_matches
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast, get_args, get_type_hints

__all__ = ["Mistake", "author_location", "class_location", "function_location", "reject_unknown_options"]

C = TypeVar("C", bound=Callable[..., Any])

_ENGINE = str(Path(__file__).parent)


class Mistake(TypeError):
    """An adapter, row, type or resolver is declared in a way that cannot work. Raised before the first request.

    Only what a declaration does not show is raised when it happens: a parameter that no backend could read.

    `where` is `file:line`; the message has one line each for what, why and the fix.
    """

    def __init__(self, where: str, what: str, *, why: str, fix: str) -> None:
        super().__init__(f"{where}: {what}\n  Why: {why}\n  Fix: {fix}")
        self.where, self.what, self.why, self.fix = where, what, why, fix


def author_location() -> str:
    """`file:line` of the author's statement that is being executed: the nearest frame outside the engine."""
    frame = sys._getframe(1)
    while frame.f_back is not None and _is_ours(frame.f_code.co_filename):
        frame = frame.f_back
    return _place(frame.f_code.co_filename, frame.f_lineno)


def function_location(function: Callable[..., Any], below: int = 0) -> str:
    """`file:line` of a function's `def` (or of its first decorator), or of a line that many `below` it."""
    code = getattr(function, "__code__", None)
    return _place(code.co_filename, code.co_firstlineno + below) if code is not None else author_location()


def class_location(declared: type) -> str:
    """`file:line` of a class; of its module alone where its source cannot be read."""
    try:
        return _place(inspect.getfile(declared), inspect.getsourcelines(declared)[1])
    except (OSError, TypeError):
        return declared.__module__


def reject_unknown_options(declared: C) -> C:
    """The same function or class, which tells a `Mistake` of an option that it does not have."""
    kind: Any = declared
    target = kind.__init__ if isinstance(declared, type) else kind
    known = _options(target)

    @wraps(target)
    def checked(*given: Any, **options: Any) -> Any:
        for option in options:
            if option not in known:
                raise _unknown(kind.__name__, option, known)
        return target(*given, **options)

    if isinstance(declared, type):
        kind.__init__ = checked
        return cast("C", kind)
    return cast("C", checked)


def _options(function: Callable[..., Any]) -> list[str]:
    """What may be said by name; `**rest: Unpack[Rest]` stands for the entries of `Rest`."""
    names: list[str] = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            (entries,) = get_args(get_type_hints(function)[parameter.name])
            names += get_type_hints(entries)
        elif parameter.name != "self":
            names.append(parameter.name)
    return names


def _unknown(name: str, option: str, known: Collection[str]) -> Mistake:
    close = get_close_matches(option, known, n=1)
    return Mistake(
        author_location(),
        f"{name} has no option {option!r}" + (f"; did you mean {close[0]}?" if close else ""),
        why="what nobody knows would have no effect.",
        fix=f"use one of {', '.join(known)}.",
    )


def _is_ours(filename: str) -> bool:
    return filename.startswith((_ENGINE, "<")) or "importlib" in filename or filename.endswith(("typing.py", "abc.py"))


def _place(filename: str, line: int) -> str:
    path = Path(filename)
    try:
        return f"{path.relative_to(Path.cwd())}:{line}"
    except ValueError:
        return f"{path}:{line}"
