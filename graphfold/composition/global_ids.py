"""Global ids: opaque to clients, one for every noun; inside, the name of the type and the business key."""

from __future__ import annotations

import re
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterator
from typing import Any, ClassVar

import strawberry
from strawberry.types import get_object_definition
from strawberry.utils.str_converters import to_camel_case

from graphfold.errors import InvalidInput
from graphfold.execution.fields import pure
from graphfold.mistakes import Mistake, author_location
from graphfold.rows.shape import cached_by_class

__all__ = ["Node", "global_id", "key_of", "node_id", "parse_global_id"]

LONGEST_ID = 200
"""Most characters of an id or a business key that a client may send."""

_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def global_id(type_name: str, key: object) -> str:
    """The id of the `type_name` with this business key. Runs once per object: kept to one expression."""
    return b2a_base64(f"{type_name}:{key}".encode(), newline=False).translate(_URL_SAFE, b"=").decode()


@pure
def node_id(self: Node) -> strawberry.ID:
    """Resolves `id`. A function of the module, so that the engine can see it needs the key and nothing else."""
    name, key = _noun(type(self))
    return strawberry.ID(global_id(name, getattr(self, key)))


@cached_by_class  # each selection has a class of its own
def _noun(kind: type[Node]) -> tuple[str, str]:
    return _type_name(kind), kind.node_key


@strawberry.interface(description="Anything with an id of its own: `node(id:)` finds it again.")
class Node:
    """A noun of the graph: `class Customer(Node, key="number")`. `key` names the field with its business key."""

    node_key: ClassVar[str]

    id: strawberry.ID = strawberry.field(
        resolver=node_id, description="The global id: the same object always has the same. Do not take it apart."
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
    """The business key a client means by `id`: the key inside a global id of `kind`, else the text itself.

    Raises `InvalidInput` for an id of another type and for text that can be no key (empty, too long, control
    characters); `at` is where the client wrote it: the argument, or in an input `input.lines.0.productId`. A key
    nothing has is the backend's to refuse.
    """
    name, key = _parts(_check(id, at)) or ("", "")
    wanted = _type_name(kind)
    if name == wanted:
        return _check(key, at)
    if name and name in _nouns():
        raise InvalidInput(f"{at}: {_wrong_type(name, kind)}")
    return id


def parse_global_id(id: str) -> tuple[str, str]:
    """The type's name and the business key inside a global id. Raises `InvalidInput` for anything else."""
    parts = _parts(_check(id))
    if parts is None or parts[0] not in _nouns():
        raise InvalidInput("id: this is not an id of this graph; take one from an `id` field.")
    return parts[0], _check(parts[1])


def _check(id: str, at: str = "id") -> str:
    """The text itself: also what was inside an id may end in a backend's address or header."""
    if not id:
        raise InvalidInput(f"{at}: must not be empty.")
    if len(id) > LONGEST_ID:
        raise InvalidInput(f"{at}: has {len(id)} characters; the longest is {LONGEST_ID}.")
    if _CONTROL.search(id):
        raise InvalidInput(f"{at}: must not have control characters.")
    return id


def _parts(id: str) -> tuple[str, str] | None:
    """What is inside a global id; None for a text that `global_id` never makes."""
    try:
        raw = a2b_base64(id.replace("-", "+").replace("_", "/") + "=" * (-len(id) % 4))
        name, colon, key = raw.decode().partition(":")
    except ValueError:
        return None
    made = colon and key and _NAME.fullmatch(name) and global_id(name, key) == id
    return (name, key) if made else None


def _nouns() -> set[str]:
    """The names of all nouns. Asked for only when a text looks like another type's id: a key may look so by chance."""
    return {_type_name(kind) for kind in _below(Node)}


def _below(kind: type[Node]) -> Iterator[type[Node]]:
    for child in kind.__subclasses__():
        yield child
        yield from _below(child)


def _type_name(kind: type[Node]) -> str:
    definition = get_object_definition(kind)
    return definition.name if definition else kind.__name__


def _wrong_type(name: str, kind: type[Node]) -> str:
    wanted = _type_name(kind)
    return f"this is the id of {_a(name)}; expected is {_a(wanted)}'s id or its {to_camel_case(kind.node_key)}."


def _a(noun: str) -> str:
    return f"an {noun}" if noun[0] in "AEIOU" else f"a {noun}"
