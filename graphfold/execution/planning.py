"""From an operation to its plan: looked up, or compiled once for each choice of what its variables include.

What a plan does not cover goes to graphql-core as a whole, for a reason that is counted and told: a query is never half
and half.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from cachetools import LRUCache
from graphql import (
    DirectiveNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
)
from graphql.execution.collect_fields import collect_fields
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
    "execution-hooks": "the caller wants to be told when all work has ended",
    "abort-signal": "the caller may abort the operation",
    "synchronous": "the caller asked for a synchronous run",
    "own-awaitables": "the caller has its own idea of what has to be awaited",
    "too-deep": "the query is nested too deeply to be compiled",
}
"""Why an operation is run by graphql-core."""

PLANNING_OUTCOMES: Counter[str] = Counter()
"""How often each reason came up in this process; `planned` counts the others."""

CHARACTERS = 250_000
"""Text of the documents of one schema whose plans are kept; a plan takes some hundred bytes for each character."""

VARIANTS = 8
"""Plans kept for one operation: each variable that decides what is included doubles what a client may ask for."""

_NOTE = "graphfold-plans"
_AWAITABLE = (is_awaitable, optimized_is_awaitable)


@dataclass(slots=True)
class Compiled:
    """What is known of an operation: what stands in a plan's way, the variables that decide, plans by their values."""

    schema: GraphQLSchema
    operation: OperationDefinitionNode
    reason: str | None = None
    deciding: tuple[str, ...] = ()
    plans: LRUCache[Hashable, Plan] = field(default_factory=lambda: LRUCache(VARIANTS))


def plan_of(executor: Any) -> Plan | str:
    """The plan for an executor's operation and variables, or the reason why graphql-core runs it.

    Raises GraphQLError where graphql-core would answer with nothing but that error.
    """
    found = _hindrance(executor) or _planned(executor)
    PLANNING_OUTCOMES[found if isinstance(found, str) else "planned"] += 1
    return found


def _hindrance(executor: Any) -> str | None:
    """What about this run, not about the document, a plan does not cover."""
    if executor.middleware_manager is not None and executor.middleware_manager.middlewares:
        return "field-hooks"
    if executor.hooks is not None:
        return "execution-hooks"
    if executor.abort_signal is not None:
        return "abort-signal"
    if executor.is_awaitable is assume_not_awaitable:
        return "synchronous"
    return None if executor.is_awaitable in _AWAITABLE else "own-awaitables"


def _planned(executor: Any) -> Plan | str:
    try:
        compiled = _known(executor)
        return compiled.reason or _plan(executor, compiled)
    except RecursionError:
        return "too-deep"


def _known(executor: Any) -> Compiled:
    """Kept with the schema, so that both go together."""
    schema, operation = executor.schema, executor.operation
    kept: LRUCache[int, Compiled] | None = schema.extensions.get(_NOTE)
    if kept is None:
        kept = schema.extensions[_NOTE] = LRUCache(CHARACTERS, _weight)
    compiled = kept.get(id(operation))
    if compiled is None or compiled.operation is not operation or compiled.schema is not schema:
        compiled = _looked_through(executor)
        if _size(operation) <= CHARACTERS // 10:  # one document must not drive out all the others
            kept[id(operation)] = compiled
    return compiled


def _weight(compiled: Compiled) -> int:
    return _size(compiled.operation)


def _size(operation: OperationDefinitionNode) -> int:
    """The length of the text that an operation stands in."""
    return len(operation.loc.source.body) if operation.loc else 1_000


def _looked_through(executor: Any) -> Compiled:
    schema, operation = executor.schema, executor.operation
    if any(details.variable_signatures for details in executor.fragments.values()):
        return Compiled(schema, operation, "fragment-variables")
    strawberry = getattr(schema, "_strawberry_schema", None)
    if strawberry is not None and strawberry.schema_converter._exception_handler_specs:
        return Compiled(schema, operation, "field-hooks")
    found = contents(operation, executor.fragments)
    if found.introspects:
        return Compiled(schema, operation, "introspection")
    if found.is_incremental:
        return Compiled(schema, operation, "incremental")
    return Compiled(schema, operation, None, tuple(found.deciding))


def _plan(executor: Any, compiled: Compiled) -> Plan:
    values = executor.variable_values.coerced
    choice = executor.field_resolver, *[values.get(name) for name in compiled.deciding]
    try:
        plan = compiled.plans.get(choice)
    except TypeError:  # a document that was not validated: a list decides
        return _new(executor)
    if plan is None:
        plan = compiled.plans[choice] = _new(executor)
    return plan


def _new(executor: Any) -> Plan:
    schema, operation = executor.schema, executor.operation
    root = schema.get_root_type(operation.operation)
    if root is None:
        told = f"Schema is not configured to execute {operation.operation.value} operation."
        raise GraphQLError(told, operation)
    plan = Plan(schema, operation, executor.fragments, executor.field_resolver)
    variables = executor.variable_values
    collected = collect_fields(schema, executor.fragments, variables, root, operation, executor.hide_suggestions)
    plan.root = Selection(plan, root, collected.grouped_field_set)
    return plan


Node = FieldNode | FragmentSpreadNode | InlineFragmentNode


@dataclass(slots=True)
class DocumentFacts:
    """`deciding` are the variables that @skip and @include depend on, in the order of the document."""

    introspects: bool = False
    is_incremental: bool = False
    deciding: dict[str, None] = field(default_factory=dict)


def contents(operation: OperationDefinitionNode, fragments: dict[str, Any]) -> DocumentFacts:
    """One pass over the operation and the fragments that it uses. Raises RecursionError where it is too deep."""
    found = DocumentFacts()
    for node in _nodes(operation.selection_set, fragments, set()):
        if isinstance(node, FieldNode) and node.name.value in ("__schema", "__type"):
            found.introspects = True
        for directive in node.directives or ():
            if directive.name.value in ("defer", "stream"):
                found.is_incremental = True
            found.deciding.update(dict.fromkeys(_variables(directive)))
    return found


def _nodes(selections: SelectionSetNode | None, fragments: dict[str, Any], seen: set[str]) -> Iterator[Node]:
    """Every selection of the operation, each fragment once."""
    for node in selections.selections if selections else ():
        yield node  # type: ignore[misc]  # a selection is one of the three
        if isinstance(node, FragmentSpreadNode):
            name = node.name.value
            if name not in seen and name in fragments:
                seen.add(name)
                yield from _nodes(fragments[name].definition.selection_set, fragments, seen)
        elif isinstance(node, FieldNode | InlineFragmentNode):
            yield from _nodes(node.selection_set, fragments, seen)


def _variables(directive: DirectiveNode) -> Iterable[str]:
    if directive.name.value not in ("skip", "include"):
        return ()
    return [a.value.name.value for a in directive.arguments or () if isinstance(a.value, VariableNode)]
