"""Who asks, told apart by the headers that say so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b

from graphfold.adapter.base import Adapter

__all__ = ["identifying", "viewer_key"]


def identifying(adapters: Iterable[type[Adapter]]) -> tuple[str, ...]:
    """The headers by which backends of this graph may know a caller."""
    names = {name for adapter in adapters for name in adapter.credential.caller_headers}
    return ("authorization", *sorted(names - {"authorization"}))


def viewer_key(headers: Mapping[str, str], names: tuple[str, ...]) -> str:
    """The same for the same caller, and nothing that could be used in its place; empty for nobody."""
    told = [f"{name}: {headers[name]}" for name in names if headers.get(name)]
    return blake2b("\n".join(told).encode(), digest_size=16).hexdigest() if told else ""
