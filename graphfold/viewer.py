"""The viewer: the caller that a request is made for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

__all__ = ["Share", "Slot", "Viewer"]

Share = Literal["viewer", "tenant", "public"]
"""Who may see a cached reply: the viewer it was fetched for, everybody of the viewer's tenant, or everybody."""

Slot = tuple[Share, str | None, str]
"""The part of a cache key that separates viewers: how far a reply is shared, the tenant, the viewer's key."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """The caller of a request, made by `graphfold.operation.viewer_factory`. Without arguments: an anonymous one.

    `key` separates viewers in caches; it is derived from the credentials but reveals nothing of them. `subject` is the
    authenticated user or client, `tenant` the company or account it belongs to, `scopes` what it is allowed to do: each
    as far as identity is established. `headers` are the client's request headers, names in lower case: credentials that
    an adapter passes on to its backend come from there. None: the request has no client.
    """

    key: str = ""
    headers: Mapping[str, str] | None = None
    tenant: str | None = None
    subject: str | None = None
    scopes: frozenset[str] = frozenset()

    def slot(self, share: Share) -> Slot:
        """Return the cache slot of replies that are shared like this.

        Without a tenant, replies shared by tenant are the viewer's own. The tenant is part of the viewer's own slot,
        too, because what a viewer may see can depend on the tenant it acts for.
        """
        if share == "public":
            return share, None, ""
        if share == "tenant" and self.tenant is not None:
            return share, self.tenant, ""
        return "viewer", self.tenant, self.key
