"""What a request asks for, checked: no value that stands in it can end the request line, or lead to another host."""

from __future__ import annotations

from graphfold.transport.failures import Unsendable

__all__ = ["checked_method", "checked_target"]


def checked_target(path: str, query: str) -> str:
    """Path and query as they follow a base URL. Raises BAD_INPUT."""
    target = f"{path}?{query}" if query else path
    plain = target.isascii() and target.isprintable()  # no line breaks, no NUL
    if plain and target[:1] in ("", "/", "?") and " " not in target and "#" not in target:
        return target
    raise Unsendable("A text contains characters that cannot be sent.", internal="in a request's path or query")


def checked_method(method: str) -> str:
    """The method as it is sent. Raises BAD_INPUT."""
    if method.isalpha() and method.isascii():
        return method
    raise Unsendable("A request cannot be sent.", internal=f"the method {method[:100]!r}")
