"""Plan operations: compile each once for every choice of what its variables include, and look the plan up after that.

An operation that plans do not cover is run by graphql-core as a whole, never half and half. The reason is counted, and
shown by `graphfold explain`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any

from cachetools import LRUCache
from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
)
from graphql.execution import Executor
from graphql.execution.collect_fields import FragmentDetails, collect_fields
from graphql.execution.execute import assume_not_awaitable
from graphql.pyutils.is_awaitable import is_awaitable
from strawberry.execution import optimized_is_awaitable

from graphfold.execution.plan import Plan, Selection

__all__ = ["PLANNING_OUTCOMES", "UNPLANNED_REASONS", "plan_of"]

UNPLANNED_REASONS = {
    "introspection": "the query asks for the schema itself",
    "incremental": "the query uses @defer or @stream",
    "fragment-variables": "a fragment takes variables",
    "field-hooks": "an extension resolves fields, or an exception handler may change them",
    "execution-hooks": "the caller has hooks for the end of all work",
    "abort-signal": "the caller may abort the operation",
    "synchronous": "the caller asked for a synchronous run",
    "own-awaitables": "the caller has its own check for awaitables",
    "too-deep": "the query is nested too deeply to be compiled",
}
"""Why an operation is run by graphql-core."""

PLANNING_OUTCOMES: Counter[str] = Counter()
"""How many operations of this process had each reason; `planned` counts those that were planned."""

CHARACTERS = 250_000
"""Most characters of the documents of one schema whose plans are kept; a plan takes some hundred bytes for each."""

VARIANTS = 8
"""Most plans kept for one operation: each variable of an @include or @skip doubles the choices that clients have."""

_NOTE = "graphfold-plans"
_AWAITABLE = (is_awaitable, optimized_is_awaitable)


@dataclass(slots=True)
class CompiledOperation:
    """The plans of one operation, by the values of the variables that `decide` what is included.

    `reason` is why it can have none.
    """

    schema: GraphQLSchema
    operation: OperationDefinitionNode
    reason: str | None = None
    deciding: tuple[str, ...] = ()
    plans: LRUCache[Hashable, Plan] = field(default_factory=lambda: LRUCache(VARIANTS))


def plan_of(executor: Executor[Any]) -> Plan | str:
    """Return the plan for an executor's operation and variables, or the reason why graphql-core has to run it.

    Raise `GraphQLError` where graphql-core would answer with nothing but that error.
    """
    plan = _unplanned_run(executor) or _find_plan(executor)
    PLANNING_OUTCOMES[plan if isinstance(plan, str) else "planned"] += 1
    return plan


def _unplanned_run(executor: Executor[Any]) -> str | None:
    """Return what about this run, whatever its document, a plan does not cover."""
    if executor.middleware_manager is not None and executor.middleware_manager.middlewares:
        return "field-hooks"
    if executor.hooks is not None:
        return "execution-hooks"
    if executor.abort_signal is not None:
        return "abort-signal"
    if executor.is_awaitable is assume_not_awaitable:
        return "synchronous"
    return None if executor.is_awaitable in _AWAITABLE else "own-awaitables"


def _find_plan(executor: Executor[Any]) -> Plan | str:
    try:
        compiled = _compiled_operation(executor)
        if compiled.reason is not None:
            return compiled.reason
        values = executor.variable_values.coerced
        choice = executor.field_resolver, *[values.get(name) for name in compiled.deciding]
        try:
            plan = compiled.plans.get(choice)
        except TypeError:  # an unhashable value: the document was not validated, and a list is its condition
            return _new_plan(executor)
        if plan is None:
            plan = compiled.plans[choice] = _new_plan(executor)
    except RecursionError:
        return "too-deep"
    return plan


def _compiled_size(compiled: CompiledOperation) -> int:
    return _size(compiled.operation)


def _compiled_operation(executor: Executor[Any]) -> CompiledOperation:
    schema, operation = executor.schema, executor.operation
    # Kept in the schema, so that the plans go when it goes.
    cache: LRUCache[int, CompiledOperation] | None = schema.extensions.get(_NOTE)
    if cache is None:
        cache = schema.extensions[_NOTE] = LRUCache(CHARACTERS, _compiled_size)
    compiled = cache.get(id(operation))
    # An id may be used again after its operation is gone, and a copied schema has the extensions of the first.
    if compiled is None or compiled.operation is not operation or compiled.schema is not schema:
        compiled = _inspect(executor)
        if _size(operation) <= CHARACTERS // 10:  # one document must not drive out all the others
            cache[id(operation)] = compiled
    return compiled


def _size(operation: OperationDefinitionNode) -> int:
    """Return the length of the document that an operation is part of."""
    return len(operation.loc.source.body) if operation.loc else 1_000


def _inspect(executor: Executor[Any]) -> CompiledOperation:
    schema, operation = executor.schema, executor.operation
    if any(details.variable_signatures for details in executor.fragments.values()):
        return CompiledOperation(schema, operation, "fragment-variables")
    strawberry = getattr(schema, "_strawberry_schema", None)
    if strawberry is not None and strawberry.schema_converter._exception_handler_specs:
        return CompiledOperation(schema, operation, "field-hooks")
    facts = _read_document(operation, executor.fragments)
    if facts.introspects:
        return CompiledOperation(schema, operation, "introspection")
    if facts.is_incremental:
        return CompiledOperation(schema, operation, "incremental")
    return CompiledOperation(schema, operation, None, tuple(facts.deciding))


def _new_plan(executor: Executor[Any]) -> Plan:
    schema, operation = executor.schema, executor.operation
    root = schema.get_root_type(operation.operation)
    if root is None:
        message = f"Schema is not configured to execute {operation.operation.value} operation."
        raise GraphQLError(message, operation)
    plan = Plan(schema, operation, executor.fragments, executor.field_resolver)
    variables = executor.variable_values
    collected = collect_fields(schema, executor.fragments, variables, root, operation, executor.hide_suggestions)
    plan.root = Selection(plan, root, collected.grouped_field_set)
    return plan


Node = FieldNode | FragmentSpreadNode | InlineFragmentNode


@dataclass(slots=True)
class DocumentFacts:
    """What of an operation decides how it is run.

    `deciding` are the variables of @skip and @include, in the order of the document.
    """

    introspects: bool = False
    is_incremental: bool = False
    deciding: dict[str, None] = field(default_factory=dict)


def _read_document(operation: OperationDefinitionNode, fragments: dict[str, FragmentDetails]) -> DocumentFacts:
    """Read the operation and the fragments that it uses. Raise `RecursionError` where it is nested too deeply."""
    facts = DocumentFacts()
    for node in _nodes(operation.selection_set, fragments, set()):
        if isinstance(node, FieldNode) and node.name.value in ("__schema", "__type"):
            facts.introspects = True
        for directive in node.directives or ():
            name, arguments = directive.name.value, directive.arguments or ()
            if name in ("defer", "stream"):
                facts.is_incremental = True
            elif name in ("skip", "include"):
                variables = [a.value.name.value for a in arguments if isinstance(a.value, VariableNode)]
                facts.deciding.update(dict.fromkeys(variables))
    return facts


def _nodes(
    selections: SelectionSetNode | None, fragments: dict[str, FragmentDetails], seen: set[str]
) -> Iterator[Node]:
    """Yield every selection of the operation, those of each fragment once."""
    for node in selections.selections if selections else ():
        yield node  # type: ignore[misc]  # a selection is one of the three
        if isinstance(node, FragmentSpreadNode):
            name = node.name.value
            if name not in seen and name in fragments:
                seen.add(name)
                yield from _nodes(fragments[name].definition.selection_set, fragments, seen)
        elif isinstance(node, FieldNode | InlineFragmentNode):
            yield from _nodes(node.selection_set, fragments, seen)
