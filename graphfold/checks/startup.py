"""Run every check of a graph: mistakes end the start, warnings are listed by `graphfold check`.

A check is a function of a module in this room, in one of two shapes, and one line below:

    def check_something(schema: strawberry.Schema, declarations: Declarations) -> None: ...           # raises Mistake
    def find_something(schema: strawberry.Schema, declarations: Declarations) -> Iterator[str]: ...   # yields warnings
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

import strawberry

from graphfold.checks.adapters import check_adapter_names, find_unused_adapters
from graphfold.checks.calls_per_item import find_calls_per_item
from graphfold.checks.descriptions import find_missing_descriptions
from graphfold.checks.field_types import check_field_types
from graphfold.checks.generic_names import check_generic_names
from graphfold.checks.http_methods import check_http_methods
from graphfold.checks.nodes import check_node_keys, find_missing_finders
from graphfold.checks.rest_paths import check_rest_paths
from graphfold.checks.rows import check_on_demand_fields, check_rows
from graphfold.checks.secrets import check_secrets
from graphfold.checks.soap_calls import check_soap_calls
from graphfold.declarations import Declarations

__all__ = ["check_graph", "find_warnings"]

MistakeCheck: TypeAlias = Callable[[strawberry.Schema, Declarations], None]
WarningCheck: TypeAlias = Callable[[strawberry.Schema, Declarations], Iterable[str]]

MISTAKE_CHECKS: tuple[MistakeCheck, ...] = (
    check_adapter_names,
    check_generic_names,
    check_node_keys,
    check_rows,
    check_field_types,
    check_on_demand_fields,
    check_secrets,
    check_soap_calls,
    check_rest_paths,
    check_http_methods,
)
"""In the order in which they run: the first mistake ends the start."""

WARNING_CHECKS: tuple[WarningCheck, ...] = (
    find_calls_per_item,
    find_unused_adapters,
    find_missing_finders,
    find_missing_descriptions,
)


def check_graph(schema: strawberry.Schema, declarations: Declarations) -> None:
    """Raise the first `Mistake` in the declarations of a graph."""
    for check in MISTAKE_CHECKS:
        check(schema, declarations)


def find_warnings(schema: strawberry.Schema, declarations: Declarations) -> list[str]:
    """Return the warnings of all checks, sorted and without repetitions."""
    return sorted({warning for check in WARNING_CHECKS for warning in check(schema, declarations)})
