"""From an operation to its plan: looked up, or compiled once for each choice of what its variables include.

What a plan does not cover goes to graphql-core as a whole, for a reason that is counted and told: a query is never half
and half.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cachetools import LRUCache
from graphql import (
    DirectiveNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
)
from graphql.execution.collect_fields import collect_fields
from graphql.execution.execute import assume_not_awaitable

from graphfold.execution.plan import Plan, Selection

__all__ = ["FALLBACKS", "REASONS", "plan_of"]

REASONS = {
    "introspection": "the query asks for the schema itself",
    "incremental": "the query uses @defer or @stream",
    "fragment-variables": "a fragment takes variables",
    "field-hooks": "an extension resolves fields, or an exception handler may change them",
    "abort-signal": "the caller may abort the operation",
    "synchronous": "the caller asked for a synchronous run",
    "too-deep": "the query is nested too deeply to be compiled",
}
"""Why an operation is run by graphql-core."""

FALLBACKS: Counter[str] = Counter()
"""How often each reason came up in this process; `planned` counts the others."""

KEPT = 1_000


@dataclass(slots=True)
class Compiled:
    """What is known of an operation: what stands in a plan's way, which variables decide, plans by their values."""

    operation: OperationDefinitionNode
    reason: str | None = None
    deciding: tuple[str, ...] = ()
    plans: dict[tuple[Any, ...], Plan] = field(default_factory=dict)


_compiled: LRUCache[tuple[int, int], Compiled] = LRUCache(KEPT)


def plan_of(executor: Any) -> Plan | str:
    """The plan for an executor's operation and variables, or the reason why graphql-core runs it.

    Raises GraphQLError where graphql-core would answer with nothing but that error.
    """
    reason = _hindrance(executor)
    compiled = _known(executor)
    found = reason or compiled.reason or _plan(executor, compiled)
    FALLBACKS[found if isinstance(found, str) else "planned"] += 1
    return found


def _hindrance(executor: Any) -> str | None:
    """What about this run, not about the document, a plan does not cover."""
    if executor.middleware_manager is not None and executor.middleware_manager.middlewares:
        return "field-hooks"
    if executor.abort_signal is not None:
        return "abort-signal"
    return "synchronous" if executor.is_awaitable is assume_not_awaitable else None


def _known(executor: Any) -> Compiled:
    operation = executor.operation
    key = id(executor.schema), id(operation)
    compiled = _compiled.get(key)
    if compiled is None or compiled.operation is not operation:
        compiled = _compiled[key] = _looked_through(executor)
    return compiled


def _looked_through(executor: Any) -> Compiled:
    """One pass over the document: the variables that @skip and @include depend on, and what no plan covers."""
    if any(details.variable_signatures for details in executor.fragments.values()):
        return Compiled(executor.operation, "fragment-variables")
    strawberry = getattr(executor.schema, "_strawberry_schema", None)
    if strawberry is not None and strawberry.schema_converter._exception_handler_specs:
        return Compiled(executor.operation, "field-hooks")
    deciding: dict[str, None] = {}
    try:
        for node in _nodes(executor.operation.selection_set, executor.fragments, set()):
            if isinstance(node, FieldNode) and node.name.value in ("__schema", "__type"):
                return Compiled(executor.operation, "introspection")
            for directive in node.directives or ():
                if directive.name.value in ("defer", "stream"):
                    return Compiled(executor.operation, "incremental")
                deciding.update(dict.fromkeys(_variables(directive)))
    except RecursionError:
        return Compiled(executor.operation, "too-deep")
    return Compiled(executor.operation, None, tuple(deciding))


def _plan(executor: Any, compiled: Compiled) -> Plan | str:
    values = executor.variable_values.coerced
    choice = tuple(values.get(name) for name in compiled.deciding)
    plan = compiled.plans.get(choice)
    if plan is None:
        try:
            plan = compiled.plans[choice] = _new(executor)
        except RecursionError:
            return "too-deep"
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


def _nodes(
    selections: SelectionSetNode | None, fragments: dict[str, Any], seen: set[str]
) -> Iterator[FieldNode | FragmentSpreadNode | InlineFragmentNode]:
    """Every selection of the operation, each fragment once."""
    for node in selections.selections if selections else ():
        if isinstance(node, FragmentSpreadNode):
            yield node
            name = node.name.value
            if name not in seen and name in fragments:
                seen.add(name)
                yield from _nodes(fragments[name].definition.selection_set, fragments, seen)
        elif isinstance(node, FieldNode | InlineFragmentNode):
            yield node
            yield from _nodes(node.selection_set, fragments, seen)


def _variables(directive: DirectiveNode) -> Iterator[str]:
    if directive.name.value in ("skip", "include"):
        for argument in directive.arguments or ():
            if isinstance(argument.value, VariableNode):
                yield argument.value.name.value
