"""Read the source of functions that authors wrote: the one place in the engine that parses it."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from functools import lru_cache
from typing import Any

__all__ = ["syntax_tree"]


@lru_cache(None)
def syntax_tree(function: Callable[..., Any]) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """Return the definition of a function as a syntax tree; None if its source cannot be read, and for lambdas.

    Line numbers count from the function's first line, decorators included.
    """
    try:
        body = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    except (OSError, SyntaxError, TypeError):
        return None
    definition = body[0] if body else None
    return definition if isinstance(definition, ast.FunctionDef | ast.AsyncFunctionDef) else None
