"""Call resolvers and fallbacks for all objects of a level, with `info` for those that take it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graphql import GraphQLResolveInfo
from graphql.execution import Executor
from graphql.execution.values import get_argument_values
from graphql.pyutils import Path

from graphfold.execution.direct_fields import DirectField
from graphfold.execution.plan import Plan, Step
from graphfold.execution.response_positions import Positions
from graphfold.loading.load_result import Failed

__all__ = ["ResolverCalls", "info_at"]

Call = Callable[[Any, int], Any]
"""A function (object, index) -> result of the resolver, awaitable or not."""


class LazyInfo:
    """`GraphQLResolveInfo` whose path is built when it is read: a path costs more than most resolvers."""

    __slots__ = ("_base", "_i", "_positions", "context")

    def __init__(self, base: GraphQLResolveInfo[Any], positions: Positions, i: int) -> None:
        self.context, self._base, self._positions, self._i = base.context, base, positions, i

    @property
    def path(self) -> Path:
        return self._positions.path(self._i)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._base, name)


def info_at(base: GraphQLResolveInfo[Any], path: Path) -> GraphQLResolveInfo[Any]:
    """Return a real `GraphQLResolveInfo` with a path, for functions that may depend on its type."""
    return base._replace(path=path)


class ResolverCalls:
    """The resolver calls of one run. What a resolver raises is returned as `Failed`."""

    def __init__(self, plan: Plan, executor: Executor[Any]) -> None:
        self._plan, self._executor = plan, executor
        self._infos: dict[Step, GraphQLResolveInfo[Any]] = {}

    def results(self, positions: Positions, step: Step, objects: list[Any]) -> list[Any]:
        """Call a field's resolver for each object."""
        try:
            call = self._call(positions, step, step.direct)
        except Exception as error:  # of the field's arguments
            return [Failed(error)] * len(objects)
        return _results(call, objects)

    def fallback_values(self, positions: Positions, size: int) -> list[Any]:
        """Return what a field's fallback gives for so many of its values."""
        direct = positions.step.direct
        assert direct is not None
        assert direct.fallback is not None
        if direct.fallback_resolver is None:
            return [direct.fallback.value] * size
        call = self._call(positions, positions.step, direct.fallback_resolver)
        return _results(call, [positions.parent(i) for i in range(size)])

    def info(self, step: Step) -> GraphQLResolveInfo[Any]:
        """Return the field's `info`, still without a path."""
        info = self._infos.get(step)
        if info is None:
            path: Any = None
            info = self._infos[step] = self._executor.build_resolve_info(step.field, step.nodes, step.parent, path)
        return info

    def _call(self, positions: Positions, step: Step, direct: DirectField | None) -> Call:
        executor = self._executor
        arguments: dict[str, Any] = {}
        if step.takes_arguments:
            arguments = get_argument_values(
                step.field, step.nodes[0], executor.variable_values, hide_suggestions=executor.hide_suggestions
            )
        if direct is None:
            resolve, base = step.resolve, self.info(step)
            return lambda source, i: resolve(source, info_at(base, positions.path(i)), **arguments)
        if direct.attribute is not None:
            attribute = direct.attribute
            return lambda source, i: getattr(source, attribute)
        strawberry = self._plan.schema._strawberry_schema  # type: ignore[attr-defined]  # Strawberry put it there
        context = executor.context_value
        return direct.call(strawberry, arguments, context, lambda i: LazyInfo(self.info(step), positions, i))


def _results(call: Call, objects: list[Any]) -> list[Any]:
    values: list[Any] = []
    for i, source in enumerate(objects):
        try:
            values.append(call(source, i))
        except Exception as error:
            values.append(Failed(error))
    return values
