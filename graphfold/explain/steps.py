"""Build the steps of an explanation: for each field that calls a backend, the operation, its keys and the call count.

The builder walks the selections of a plan from the root and carries along how many objects there may be at most. For
each field it reads the calls from the resolver's source. Calls of one resolver wait for one another, and the fields
below wait for the last of them:

    { orders { customer { name } } }          shop.orders
                                              └─ crm.customers

except fields that need only the key of a reference, which are placed beside it. The numbers are estimates: `least` is
what a query with data cannot do without, `most` counts lists without a page size as `PLAIN_LIST` objects.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace
from math import ceil
from typing import Any, cast

from graphql import GraphQLError, GraphQLList, GraphQLNonNull, GraphQLObjectType, get_named_type, is_abstract_type
from graphql.execution import Executor
from graphql.execution.values import get_argument_values
from strawberry.types.field import StrawberryField

from graphfold.analysis.backend_calls import BackendCall, backend_calls
from graphfold.analysis.per_key_calls import calls_backend_per_key
from graphfold.analysis.wanted_fields import attributes_needed, wanted_fields
from graphfold.composition.definitions import definition_of_field, definition_of_type, resolver_of_field
from graphfold.composition.global_ids import parse_global_id
from graphfold.errors import GraphError
from graphfold.execution.plan import Selection, Step
from graphfold.explain.explainable import Explainable
from graphfold.explain.explanation import CacheUse, CallCount, CallWarning, ExplainedStep, KeySource
from graphfold.loading.backend_operation import BackendOperation
from graphfold.loading.bound_operations import BoundBatch
from graphfold.loading.declared_operations import BatchOperation, WriteOperation
from graphfold.loading.scope import OperationScope, SharedResources
from graphfold.mistakes import function_location
from graphfold.operation.node_count import PLAIN_LIST
from graphfold.viewer import Viewer

__all__ = ["StepBuilder"]


@dataclass(frozen=True, slots=True)
class SelectionSite:
    """A place in the answer: its path, the most objects there, and the page size of the connection around it.

    `conditional`: the objects may be missing although there is data. `only_on`: the one of several types it is for.
    """

    path: tuple[str, ...] = ()
    objects: int = 1
    page_size: int = 1
    conditional: bool = False
    only_on: str | None = None


class StepBuilder:
    """The steps of one plan: `steps` in order, and `counted`, the paths of lists that have no page size."""

    def __init__(self, graph: Explainable, executor: Executor[Any], root: Selection) -> None:
        self._graph, self._executor = graph, executor
        # A scope says which fields the operation needs. Nothing is loaded in it, so the graph need not run.
        self._scope = OperationScope(cast("SharedResources", graph.runtime), Viewer(), lambda: wanted_fields(executor))
        self._selected: dict[type, dict[str, StrawberryField]] = {}
        self._first_steps: dict[Hashable, ExplainedStep] = {}
        self._certain_steps: set[int] = set()
        self._step_count = 0
        self.counted: list[str] = []
        self._collect_selected_fields(root)
        self.steps = self._steps_of_selection(root, SelectionSite())

    def _collect_selected_fields(self, selection: Selection) -> None:
        """Collect the fields that are selected of each type, anywhere in the operation."""
        definition = definition_of_type(selection.kind)
        for field in selection.all:
            declared = definition_of_field(field.field)
            if definition is not None and declared is not None:
                self._selected.setdefault(definition.origin, {})[field.name] = declared
            for kind in self._object_types(field):
                self._collect_selected_fields(field.selection(kind, self._executor))

    def _object_types(self, field: Step) -> list[GraphQLObjectType]:
        """Return the object types that a field can give; for `node(id:)` the one that its id names."""
        named: Any = get_named_type(field.field.type)
        if isinstance(named, GraphQLObjectType):
            return [named]
        if not is_abstract_type(named):
            return []
        node_type = self._type_of_node(field)
        kinds = self._executor.schema.get_possible_types(named)
        return [kind for kind in kinds if node_type is None or kind.name == node_type]

    def _steps_of_selection(self, selection: Selection, site: SelectionSite) -> list[ExplainedStep]:
        return [step for field in selection.all for step in self._steps_of_field(field, site)]

    def _steps_of_field(self, field: Step, parent: SelectionSite) -> list[ExplainedStep]:
        """Return a chain of the resolver's calls, with the steps below the field at its end."""
        site = replace(parent, path=(*parent.path, field.key))
        node_type, finders = self._type_of_node(field), self._graph.declarations.finders
        resolver = finders.get(node_type) if node_type is not None else resolver_of_field(field.field)
        calls = backend_calls(resolver.function, resolver.injected) if resolver is not None else []
        chain = [self._step(field, site, call) for call in calls]
        conditional = site.conditional or any(call.conditional for call in calls)
        below = self._steps_below(field, replace(site, conditional=conditional))
        independent = self._independent_paths(field, calls, site)
        beside = [step for step in below if step.path in independent]
        below = [step for step in below if step.path not in independent]
        for step in reversed(chain):
            step.steps, below = below, [step]
        return below + beside

    def _independent_paths(self, field: Step, calls: list[BackendCall], site: SelectionSite) -> set[str]:
        """Return the paths right below a reference that need only its key, and so do not wait for its call."""
        if len(calls) != 1 or calls[0].method != "ref" or field.link is None:
            return set()
        [kind] = self._object_types(field)
        row = getattr(calls[0].adapter, calls[0].operation or "").row
        if row is None:
            return set()
        independent = field.selection(kind, self._executor).loaded_by(row.shape.key)
        return {".".join((*site.path, step.key)) for step in independent}

    def _steps_below(self, field: Step, site: SelectionSite) -> list[ExplainedStep]:
        declared, position = field.field.type, len(self.counted)
        is_list = isinstance(declared.of_type if isinstance(declared, GraphQLNonNull) else declared, GraphQLList)
        is_page = field.name in ("nodes", "edges") and "pageInfo" in field.parent.fields
        size = (site.page_size if is_page else PLAIN_LIST) if is_list else 1
        kinds = self._object_types(field)
        steps: list[ExplainedStep] = []
        for kind in kinds:
            inner = replace(site, objects=site.objects * size, page_size=self._page_size(field, kind), only_on=None)
            if len(kinds) > 1:
                inner = replace(inner, conditional=True, only_on=kind.name)
            steps += self._steps_of_selection(field.selection(kind, self._executor), inner)
        if steps and is_list and not is_page:
            self.counted.insert(position, ".".join(site.path))  # before the lists inside this one
        return steps

    def _page_size(self, field: Step, kind: GraphQLObjectType) -> int:
        """Return the page size that the query requests of a connection; 1 for other types."""
        if "pageInfo" not in kind.fields:
            return 1
        first, largest = self._arguments(field).get("first"), self._graph.settings.max_page_size
        return max(0, min(first, largest)) if type(first) is int else largest

    def _step(self, field: Step, site: SelectionSite, call: BackendCall) -> ExplainedStep:
        self._step_count += 1
        operation = getattr(call.adapter, call.operation, None) if call.operation else None
        resolver = resolver_of_field(field.field)
        step = ExplainedStep(
            self._step_count,
            path=".".join(site.path),
            field=f"{field.parent.name}.{field.name}",
            backend=call.adapter.name,
            protocol=call.adapter.protocol,
            operation=call.operation,
            kind=operation.kind if isinstance(operation, BackendOperation) else "unknown",
            calls=CallCount(0, None),
            only_on=site.only_on,
            fallback=resolver.fallback.name if resolver is not None and resolver.fallback is not None else None,
        )
        keys = site.objects * (PLAIN_LIST if call.repeated else 1)
        if isinstance(operation, BackendOperation):
            self._describe(step, field, call, operation, keys)
            most = 0 if step.only_key else _most_calls(operation, call, keys, per_key=step.call_per_key)
            loads = step.known_from or step.number  # steps that share their loads make at least one call together
            certain = most > 0 and not (call.conditional or site.conditional or loads in self._certain_steps)
            if certain:
                self._certain_steps.add(loads)
            step.calls = CallCount(int(certain), most)
            step.warning = _warning(step, call, operation)
        elif call.operation is not None:
            step.calls = CallCount(0, keys)
        return step

    def _describe(
        self, step: ExplainedStep, field: Step, call: BackendCall, operation: BackendOperation, keys: int
    ) -> None:
        """Fill in what a known operation says about the step: cache, fields, keys, and an earlier step like it."""
        policy, runtime = operation.policy, self._graph.runtime
        if policy.ttl:
            name = f"{call.adapter.name}.{operation.name}"
            step.cache = CacheUse(
                policy.ttl, policy.share, len(runtime.store(name, policy)) if runtime is not None else 0
            )
        step.fetches = list(self._fetched_fields(operation, whole=call.whole)) if step.kind != "write" else []
        step.because = step.fetches if call.method == "ref" else [step.field]
        step.known_from = self._earlier_step(step, field, call, operation)
        if isinstance(operation, BatchOperation):
            step.key = KeySource(self._key_source(field, call), keys, operation.policy.max_size)
            step.call_per_key = calls_backend_per_key(operation.function)
            batch: BoundBatch[Any, Any, Any] = BoundBatch(operation, call.adapter(self._scope), whole=call.whole)
            step.only_key = call.method == "ref" and batch.needs_only_key()

    def _fetched_fields(self, operation: BackendOperation, *, whole: bool) -> Iterator[str]:
        """Return the selected fields that make the operation fetch OnDemand fields of its row."""
        row = operation.row
        if row is None or row.shape.feeds is None:
            return
        on_demand = row.shape.on_demand if whole else self._scope.requested_fields(row)
        for name, declared in self._selected.get(row.shape.feeds, {}).items():
            needed = attributes_needed(declared, row.shape.feeds)
            if on_demand if needed is None else needed & on_demand:
                yield f"{row.shape.feeds.__name__}.{name}"

    def _earlier_step(
        self, step: ExplainedStep, field: Step, call: BackendCall, operation: BackendOperation
    ) -> int | None:
        """Return the number of an earlier step that may have loaded the same keys, or made the same call."""
        if call.varies or step.kind == "write":
            return None
        code = operation.function.__code__
        has_only_keys = (
            call.method is not None and code.co_argcount + code.co_kwonlyargcount == 2
        )  # `self` and the keys
        arguments = repr(sorted(self._arguments(field).items(), key=str))
        slot = () if has_only_keys else (field.parent.name, field.name, arguments)
        first = self._first_steps.setdefault((call.adapter, call.operation, call.whole, slot), step)
        if operation.primes is not None:  # its rows are put into the cache of a batch
            self._first_steps.setdefault((call.adapter, operation.primes.name, False, ()), step)
        return first.number if first is not step else None

    def _key_source(self, field: Step, call: BackendCall) -> str:
        """Return where the key comes from: a field of the parent, the field's arguments, or an expression."""
        if call.key is None:
            return "?"
        if self._type_of_node(field) is not None:
            return "the argument id"
        owner, _, attribute = call.key.partition(".")
        graphql_name = self._graph.schema.config.name_converter.apply_naming_config
        if owner == "self" and attribute.isidentifier():
            name = graphql_name(attribute)
            return f"{field.parent.name}.{name if name in field.parent.fields else attribute}"
        arguments = [graphql_name(name) for name in sorted(call.names) if graphql_name(name) in field.field.args]
        return f"the argument {', '.join(arguments)}" if arguments else call.key

    def _arguments(self, field: Step) -> dict[str, Any]:
        try:
            return get_argument_values(field.field, field.nodes[0], self._executor.variable_values)
        except GraphQLError:
            return {}

    def _type_of_node(self, field: Step) -> str | None:
        """Return the type in the id of a `node(id:)` field; None for other fields."""
        if (field.parent.name, field.name) != ("Query", "node") or not self._graph.declarations.finders:
            return None
        try:
            return parse_global_id(str(self._arguments(field).get("id")))[0]
        except GraphError:
            return None


def _most_calls(operation: BackendOperation, call: BackendCall, keys: int, *, per_key: bool) -> int:
    if isinstance(operation, BatchOperation):
        return keys if per_key or call.varies else ceil(keys / operation.policy.max_size)
    return keys if call.varies or isinstance(operation, WriteOperation) else min(keys, 1)


def _warning(step: ExplainedStep, call: BackendCall, operation: BackendOperation) -> CallWarning | None:
    """Return a warning for a step that needs a call for each key or object; None for all others."""
    if (step.calls.most or 0) < 2 or isinstance(operation, WriteOperation):
        return None
    name = f"{call.adapter.__name__}.{operation.name}"
    if step.call_per_key:
        message = f"{name} calls {step.backend} once for each key, {call.adapter.resilience.parallel} at a time."
        fix = "take all keys in one call if the backend supports it, or request fewer."
    elif not isinstance(operation, BatchOperation):
        message = f"{name} is called once for each object: a @read takes one item at a time."
        fix = f"make {name} a @batch, which takes the keys of all objects."
    elif call.varies:
        message = f"{name} is called once for each object, since its arguments differ: only keys are batched."
        fix = "make the differing argument part of the key."
    else:
        return None
    return CallWarning(step.path, message, fix, function_location(operation.function))
