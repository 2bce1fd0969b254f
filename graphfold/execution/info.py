"""`info` for resolvers that ask for it. Its path costs more than most resolvers, so it is made when it is read."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLResolveInfo
from graphql.pyutils import Path

from graphfold.execution.places import Place

__all__ = ["LazyInfo", "located_info"]


class LazyInfo:
    """A `GraphQLResolveInfo` whose path is built when it is asked for."""

    __slots__ = ("_base", "_i", "_place", "context")

    def __init__(self, base: GraphQLResolveInfo[Any], place: Place, i: int) -> None:
        self.context, self._base, self._place, self._i = base.context, base, place, i

    @property
    def path(self) -> Path:
        return self._place.path(self._i)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._base, name)


def located_info(base: GraphQLResolveInfo[Any], path: Path) -> GraphQLResolveInfo[Any]:
    """The real thing, for functions that are not ours."""
    return base._replace(path=path)
