"""Make and parse global ids: base64 of `Type:key`, opaque to clients, unique for each object of the graph."""

from __future__ import annotations

import re
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterator
from typing import Any, ClassVar

import strawberry
from strawberry.types import get_object_definition
from strawberry.utils.str_converters import to_camel_case

from graphfold.errors import InvalidInput
from graphfold.execution.direct_fields import pure
from graphfold.mistakes import Mistake, author_location
from graphfold.rows.shape import cached_by_class

__all__ = ["Node", "global_id", "key_of", "node_id", "parse_global_id"]

LONGEST_ID = 200
"""Most characters of an id or a business key that a client may send."""

_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def global_id(type_name: str, key: object) -> str:
    """Return the id of the object of this type and business key. One expression, because it runs for each object."""
    return b2a_base64(f"{type_name}:{key}".encode(), newline=False).translate(_URL_SAFE, b"=").decode()


@pure
def node_id(self: Node) -> strawberry.ID:
    """Resolve `id`. The engine recognises this function, and knows that it needs only the key."""
    name, key = _type_name_and_key_field(type(self))
    return strawberry.ID(global_id(name, getattr(self, key)))


@cached_by_class  # by class, because each selection has one of its own
def _type_name_and_key_field(kind: type[Node]) -> tuple[str, str]:
    return _type_name(kind), kind.node_key


@strawberry.interface(description="An object with a global id, by which `node(id:)` finds it.")
class Node:
    """A type whose objects have an id: `class Customer(Node, key="number")`. `key` names its business key's field."""

    node_key: ClassVar[str]

    id: strawberry.ID = strawberry.field(
        resolver=node_id, description="The global id. It is opaque, and never changes for the same object."
    )

    def __init_subclass__(cls, *, key: str = "", **options: Any) -> None:
        super().__init_subclass__(**options)
        if key:
            cls.node_key = key
        elif not hasattr(cls, "node_key"):
            raise Mistake(
                author_location(),
                f"{cls.__name__} is a Node without a key",
                why="its id is made of the type's name and its business key.",
                fix=f'name the field that holds it: class {cls.__name__}(Node, key="number").',
            )


def key_of(kind: type[Node], id: str, at: str = "id") -> str:
    """Return the business key a client means by `id`: the key inside a global id of `kind`, else the text itself.

    Raise `InvalidInput` for an id of another type and for a text that cannot be a key (empty, too long, control
    characters). `at` is the argument, or the path in an input such as `input.lines.0.productId`, for the message. A
    well-formed key of no object is left to the backend.
    """
    name, key = _parts(_check(id, at)) or ("", "")
    expected = _type_name(kind)
    if name == expected:
        return _check(key, at)
    if name and name in _node_names():
        article, expected_article = _article(name), _article(expected)
        raise InvalidInput(
            f"{at}: this is the id of {article} {name}; expected is {expected_article} {expected}'s id "
            f"or its {to_camel_case(kind.node_key)}."
        )
    return id


def parse_global_id(id: str) -> tuple[str, str]:
    """Return the type's name and the business key inside a global id. Raise `InvalidInput` for other texts."""
    parts = _parts(_check(id))
    if parts is None or parts[0] not in _node_names():
        raise InvalidInput("id: this is not an id of this graph; take one from an `id` field.")
    return parts[0], _check(parts[1])


def _check(id: str, at: str = "id") -> str:
    """Return the text if it can be a key. Keys end up in a backend's paths and headers, those inside ids included."""
    if not id:
        raise InvalidInput(f"{at}: must not be empty.")
    if len(id) > LONGEST_ID:
        raise InvalidInput(f"{at}: has {len(id)} characters; the longest is {LONGEST_ID}.")
    if _CONTROL.search(id):
        raise InvalidInput(f"{at}: must not have control characters.")
    return id


def _parts(id: str) -> tuple[str, str] | None:
    """Return the type's name and the key inside a global id; None for a text that `global_id` never makes."""
    try:
        raw = a2b_base64(id.replace("-", "+").replace("_", "/") + "=" * (-len(id) % 4))
        name, colon, key = raw.decode().partition(":")
    except ValueError:
        return None
    is_id = colon and key and _NAME.fullmatch(name) and global_id(name, key) == id
    return (name, key) if is_id else None


def _node_names() -> set[str]:
    """Return the names of all node types. Needed only for texts that look like an id, which some keys do by chance."""
    return {_type_name(kind) for kind in _subclasses(Node)}


def _subclasses(kind: type[Node]) -> Iterator[type[Node]]:
    for child in kind.__subclasses__():
        yield child
        yield from _subclasses(child)


def _type_name(kind: type[Node]) -> str:
    definition = get_object_definition(kind)
    return definition.name if definition else kind.__name__


def _article(name: str) -> str:
    return "an" if name[0] in "AEIOU" else "a"
