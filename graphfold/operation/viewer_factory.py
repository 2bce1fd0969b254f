"""Make the viewer of a request from its headers: the one place where a caller gets an identity."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from hashlib import blake2b

from graphfold.adapter.base import Adapter
from graphfold.viewer import Viewer

__all__ = ["TenantOf", "ViewerFactory"]

TenantOf = Callable[[Mapping[str, str]], str | None]
"""From the client's headers (names in lower case) to the company or account the client belongs to."""


class ViewerFactory:
    """Makes viewers for the graph of these adapters. `tenant_of` may be replaced before the graph runs."""

    def __init__(self, adapters: Iterable[type[Adapter]]) -> None:
        passed_on = {name for adapter in adapters for name in adapter.credential.caller_headers}
        self._identifying = ("authorization", *sorted(passed_on - {"authorization"}))
        self.tenant_of: TenantOf = _no_tenant

    def viewer(self, headers: Mapping[str, str]) -> Viewer:
        """Return the viewer of a request with these headers (names in lower case).

        Headers by which any backend may recognise the caller make its key, so two callers never share one. Raises
        whatever `tenant_of` raises.
        """
        lines = [f"{name}: {headers[name]}" for name in self._identifying if headers.get(name)]
        key = blake2b("\n".join(lines).encode(), digest_size=16).hexdigest() if lines else ""
        return Viewer(key, headers, self.tenant_of(headers))


def _no_tenant(_: Mapping[str, str]) -> None:
    """Assign every viewer to no tenant."""
