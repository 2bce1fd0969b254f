"""Check that each node has the field with its key, and find nodes that `node(id:)` cannot find."""

from __future__ import annotations

from collections.abc import Iterator

import strawberry

from graphfold.checks.graph_types import object_definitions
from graphfold.composition.global_ids import Node
from graphfold.declarations import Declarations
from graphfold.mistakes import Mistake, class_location

__all__ = ["check_node_keys", "find_missing_finders"]


def check_node_keys(schema: strawberry.Schema, _declarations: Declarations) -> None:
    """Raise `Mistake` for a node without the field or attribute that its class names as the key."""
    for definition in object_definitions(schema):
        node = definition.origin
        if not issubclass(node, Node) or hasattr(node, node.node_key):
            continue
        fields = sorted(field.python_name for field in definition.fields)
        if node.node_key not in fields:
            raise Mistake(
                class_location(node),
                f"{node.__name__} has no field {node.node_key!r}",
                why="its id is made of the type's name and its business key.",
                fix=f"name the field that holds it in class {node.__name__}(Node, key=...): one of {fields}.",
            )


def find_missing_finders(schema: strawberry.Schema, declarations: Declarations) -> Iterator[str]:
    """Return a warning for each node type without a finder."""
    for definition in object_definitions(schema):
        node = definition.origin
        if issubclass(node, Node) and definition.name not in declarations.finders:
            yield (
                f"{class_location(node)}: {definition.name} has an id, but `node(id:)` cannot find it. "
                f"Fix: write a function with @finds({node.__name__})."
            )
