"""The steps of a plan: for each field that asks a backend, which operation, with which keys, and how many calls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import ceil
from typing import Any, cast

from graphql import GraphQLError, GraphQLList, GraphQLNonNull, GraphQLObjectType, get_named_type, is_abstract_type
from graphql.execution.values import get_argument_values
from strawberry.types.field import StrawberryField

from graphfold.analysis.backend_calls import BackendCall, backend_calls
from graphfold.analysis.per_key_calls import calls_backend_per_key
from graphfold.analysis.wanted_fields import attributes_needed, wanted_fields
from graphfold.composition.global_ids import parse_global_id
from graphfold.composition.resolver import Resolver, resolver_of
from graphfold.errors import GraphError
from graphfold.execution.plan import Selection, Step
from graphfold.explain.explainable import Explainable
from graphfold.explain.explanation import CacheUse, CallCount, CallWarning, ExplainedStep, KeySource
from graphfold.loading.backend_operations import BackendOperation, BatchOperation, WriteOperation
from graphfold.loading.handle import Batch
from graphfold.loading.scope import Home, Scope
from graphfold.mistakes import function_location
from graphfold.operation.node_count import PLAIN_LIST
from graphfold.viewer import Viewer

__all__ = ["StepBuilder"]


@dataclass(frozen=True, slots=True)
class SelectionSite:
    """Where a selection stands: its path, the most objects there, and the page size of the connection around it.

    `maybe`: the objects may not be asked for even where there is data. `only_on`: one of several types.
    """

    path: tuple[str, ...] = ()
    objects: int = 1
    page: int = 1
    maybe: bool = False
    only_on: str | None = None


class StepBuilder:
    """`steps`: what the plan asks, in order; `counted`: the plain lists on the way, whose lengths nobody knows."""

    def __init__(self, graph: Explainable, executor: Any, root: Selection) -> None:
        self._graph, self._executor = graph, executor
        self._scope = Scope(cast("Home", graph.runtime), Viewer(), lambda: wanted_fields(executor))  # nothing is loaded
        self._selected: dict[type, dict[str, StrawberryField]] = {}
        self._seen: dict[Any, ExplainedStep] = {}
        self._sure: set[int] = set()
        self._numbers = 0
        self.counted: list[str] = []
        self._look(root)
        self.steps = self._selection(root, SelectionSite())

    def _look(self, selection: Selection) -> None:
        """Notes which fields of each type are selected, anywhere."""
        definition = (selection.kind.extensions or {}).get("strawberry-definition")
        for field in selection.all:
            declared = _declared(field)
            if definition is not None and declared is not None:
                self._selected.setdefault(definition.origin, {})[field.name] = declared
            for kind in self._kinds(field):
                self._look(field.selection(kind, self._executor))

    def _kinds(self, field: Step) -> list[GraphQLObjectType]:
        named: Any = get_named_type(field.field.type)
        if isinstance(named, GraphQLObjectType):
            return [named]
        if not is_abstract_type(named):
            return []
        known = self._type_of_node(field)
        kinds = self._executor.schema.get_possible_types(named)
        return [kind for kind in kinds if known is None or kind.name == known]

    def _selection(self, selection: Selection, place: SelectionSite) -> list[ExplainedStep]:
        return [step for field in selection.all for step in self._field(field, place)]

    def _field(self, field: Step, place: SelectionSite) -> list[ExplainedStep]:
        """The steps of a field: what its resolver asks, one after another, and behind that what is below it."""
        here = replace(place, path=(*place.path, field.key))
        resolver = self._resolver(field)
        asks = backend_calls(resolver.function, resolver.injected) if resolver is not None else []
        own = [self._step(field, here, ask) for ask in asks]
        below = self._below(field, replace(here, maybe=here.maybe or any(ask.conditional for ask in asks)))
        ahead = self._ahead(field, asks, here)
        beside = [step for step in below if step.path in ahead]
        below = [step for step in below if step.path not in ahead]
        for step in reversed(own):
            step.steps, below = below, [step]
        return below + beside

    def _ahead(self, field: Step, asks: list[BackendCall], place: SelectionSite) -> set[str]:
        """The paths right below a field that need nothing but its key, and so do not wait for its answer."""
        [kind] = self._kinds(field) if len(asks) == 1 and asks[0].method == "ref" else [None]
        row = getattr(asks[0].adapter, asks[0].operation or "").row if kind is not None else None
        if kind is None or row is None or field.link is None:
            return set()
        return {
            ".".join((*place.path, step.key)) for step in field.selection(kind, self._executor).loaded_by(row.shape.key)
        }

    def _below(self, field: Step, place: SelectionSite) -> list[ExplainedStep]:
        size, kinds, counted = self._size(field, place), self._kinds(field), len(self.counted)
        steps: list[ExplainedStep] = []
        for kind in kinds:
            inner = replace(place, objects=place.objects * size, page=self._page(field, kind), only_on=None)
            if len(kinds) > 1:
                inner = replace(inner, maybe=True, only_on=kind.name)
            steps += self._selection(field.selection(kind, self._executor), inner)
        if steps and _is_list(field) and not _is_page(field):
            self.counted.insert(counted, ".".join(place.path))
        return steps

    def _size(self, field: Step, place: SelectionSite) -> int:
        if not _is_list(field):
            return 1
        return place.page if _is_page(field) else PLAIN_LIST

    def _page(self, field: Step, kind: GraphQLObjectType) -> int:
        """The page size a connection is asked for."""
        if "pageInfo" not in kind.fields:
            return 1
        first, largest = self._arguments(field).get("first"), self._graph.settings.max_page_size
        return max(0, min(first, largest)) if type(first) is int else largest

    def _step(self, field: Step, place: SelectionSite, ask: BackendCall) -> ExplainedStep:
        self._numbers += 1
        operation = getattr(ask.adapter, ask.operation, None) if ask.operation else None
        step = ExplainedStep(
            self._numbers,
            path=".".join(place.path),
            field=f"{field.parent.name}.{field.name}",
            backend=ask.adapter.name,
            protocol=ask.adapter.protocol,
            operation=ask.operation,
            kind=operation.kind if isinstance(operation, BackendOperation) else "unknown",
            calls=CallCount(0, None),
            only_on=place.only_on,
            fallback=_fallback(field),
        )
        if isinstance(operation, BackendOperation):
            self._fill(step, field, place, ask, operation)
        elif ask.operation is not None:
            step.calls = CallCount(0, place.objects * (PLAIN_LIST if ask.repeated else 1))
        return step

    def _fill(
        self, step: ExplainedStep, field: Step, place: SelectionSite, ask: BackendCall, operation: BackendOperation
    ) -> None:
        keys = place.objects * (PLAIN_LIST if ask.repeated else 1)
        step.cache = self._cache(ask, operation)
        step.fetches = list(self._fetched(operation, whole=ask.whole)) if step.kind != "write" else []
        step.because = step.fetches if ask.method == "ref" else [step.field]
        step.known_from = self._known(step, field, ask, operation)
        if isinstance(operation, BatchOperation):
            step.key = KeySource(self._key(field, ask), keys, operation.policy.max_size)
            step.each = calls_backend_per_key(operation.function)
            step.only_key = ask.method == "ref" and self._needs_only_key(ask, operation)
        most = 0 if step.only_key else _most(operation, ask, keys, each=step.each)
        step.calls = CallCount(self._least(step, ask, place) if most else 0, most)
        step.warning = _warning(step, ask, operation)

    def _needs_only_key(self, ask: BackendCall, operation: BatchOperation[Any, Any, Any]) -> bool:
        batch: Batch[Any, Any, Any] = Batch(operation, ask.adapter(self._scope), whole=ask.whole)
        return batch.needs_only_key()

    def _fetched(self, operation: BackendOperation, *, whole: bool) -> Iterator[str]:
        """The selected fields for whose sake something is asked for by name."""
        row = operation.row
        asked = (row.shape.on_demand if whole else self._scope.asked(row)) if row is not None else frozenset[str]()
        if row is None or row.shape.feeds is None:
            return
        for name, declared in self._selected.get(row.shape.feeds, {}).items():
            read = attributes_needed(declared, row.shape.feeds)
            if asked if read is None else read & asked:
                yield f"{row.shape.feeds.__name__}.{name}"

    def _known(self, step: ExplainedStep, field: Step, ask: BackendCall, operation: BackendOperation) -> int | None:
        """The earlier step that may have loaded the same keys, or made the same call."""
        if ask.varies or step.kind == "write":
            return None
        plain = ask.method is not None and len(_parameters(operation)) == 2
        arguments = repr(sorted(self._arguments(field).items(), key=str))
        slot = () if plain else (field.parent.name, field.name, arguments)
        known = self._seen.setdefault((ask.adapter, ask.operation, ask.whole, slot), step)
        if operation.primes is not None:
            self._seen.setdefault((ask.adapter, operation.primes.name, False, ()), step)
        return known.number if known is not step else None

    def _least(self, step: ExplainedStep, ask: BackendCall, place: SelectionSite) -> int:
        """0 where it may not come to a call although there is data: of steps that share, one is counted."""
        if ask.conditional or place.maybe:
            return 0
        first = step.known_from or step.number
        counted = first in self._sure
        self._sure.add(first)
        return 0 if counted else 1

    def _cache(self, ask: BackendCall, operation: BackendOperation) -> CacheUse | None:
        policy, runtime = operation.policy, self._graph.runtime
        if not policy.ttl:
            return None
        name = f"{ask.adapter.name}.{operation.name}"
        held = len(runtime.store(name, policy)) if runtime is not None else 0
        return CacheUse(policy.ttl, policy.share, held)

    def _key(self, field: Step, ask: BackendCall) -> str:
        """Where the key comes from: a field of the parent, arguments of the field, or else what the resolver writes."""
        if ask.key is None:
            return "?"
        if self._type_of_node(field) is not None:
            return "the argument id"
        owner, _, attribute = ask.key.partition(".")
        convert = self._graph.schema.config.name_converter.apply_naming_config
        if owner == "self" and attribute.isidentifier():
            shown = convert(attribute)
            return f"{field.parent.name}.{shown if shown in field.parent.fields else attribute}"
        given = [convert(name) for name in sorted(ask.names) if convert(name) in field.field.args]
        return f"the argument {', '.join(given)}" if given else ask.key

    def _arguments(self, field: Step) -> dict[str, Any]:
        try:
            return get_argument_values(field.field, field.nodes[0], self._executor.variable_values)
        except GraphQLError:
            return {}

    def _resolver(self, field: Step) -> Resolver | None:
        if (known := self._type_of_node(field)) is not None:
            return self._graph.declarations.finders.get(known)
        declared = _declared(field)
        return resolver_of(declared) if declared is not None else None

    def _type_of_node(self, field: Step) -> str | None:
        """For `node(id:)` the type that the id names."""
        if (field.parent.name, field.name) != ("Query", "node") or not self._graph.declarations.finders:
            return None
        try:
            return parse_global_id(str(self._arguments(field).get("id")))[0]
        except GraphError:
            return None


def _declared(field: Step) -> StrawberryField | None:
    found = (field.field.extensions or {}).get("strawberry-definition")
    return found if isinstance(found, StrawberryField) else None


def _fallback(field: Step) -> str | None:
    declared = _declared(field)
    resolver = resolver_of(declared) if declared is not None else None
    return resolver.fallback.name if resolver is not None and resolver.fallback is not None else None


def _is_list(field: Step) -> bool:
    inner = field.field.type
    return isinstance(inner.of_type if isinstance(inner, GraphQLNonNull) else inner, GraphQLList)


def _is_page(field: Step) -> bool:
    return field.name in ("nodes", "edges") and "pageInfo" in field.parent.fields


def _parameters(operation: BackendOperation) -> list[str]:
    """The names of its parameters, `self` and the keys included."""
    code = operation.function.__code__
    return list(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])


def _most(operation: BackendOperation, ask: BackendCall, keys: int, *, each: bool) -> int:
    """The most calls for so many keys."""
    if isinstance(operation, BatchOperation):
        return keys if each or ask.varies else ceil(keys / operation.policy.max_size)
    return keys if ask.varies or isinstance(operation, WriteOperation) else min(keys, 1)


def _warning(step: ExplainedStep, ask: BackendCall, operation: BackendOperation) -> CallWarning | None:
    if (step.calls.most or 0) < 2 or isinstance(operation, WriteOperation):
        return None
    name = f"{ask.adapter.__name__}.{operation.name}"
    if step.each:
        told = f"{name} calls {step.backend} once for each key, {ask.adapter.resilience.parallel} at a time."
        fix = "take all keys in one call where the backend can, or ask for fewer."
    elif not isinstance(operation, BatchOperation):
        told = f"{name} is called once for each object: a @read takes one thing at a time."
        fix = f"make {name} a @batch, which takes the keys of all objects."
    elif ask.varies:
        told = f"{name} is called once for each object, since its arguments differ: only keys travel together."
        fix = "make what differs a part of the key."
    else:
        return None
    return CallWarning(step.path, told, fix, function_location(operation.function))
