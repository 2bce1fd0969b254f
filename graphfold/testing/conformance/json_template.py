"""A sample reply in JSON. Numbers stay as they are written."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from graphfold.testing import exact_json
from graphfold.testing.conformance.reply_template import ABSENT, NULL, Key, Path, equal

__all__ = ["JsonTemplate"]


class JsonTemplate:
    """What `ReplyTemplate` says, in JSON."""

    media_type = "application/json"

    def __init__(self, text: str, keys: Sequence[Key]) -> None:
        self._tree, self._keys = exact_json.loads(text), keys

    def original(self) -> bytes:
        return exact_json.dumps(self._tree).encode()

    def with_keys(self, keys: Sequence[Key]) -> bytes:
        tree, first = copy.deepcopy(self._tree), self._keys[0]
        home = self._home_in(tree)
        if home is None:
            return exact_json.dumps(_renamed(tree, first, keys[0]) if keys else tree).encode()
        entries = {key: _entries(home, key) for key in self._keys}
        made = [(key, key if key in entries else first) for key in keys]
        renamed = [_renamed(entry, like, key) for key, like in made for entry in entries[like]]
        if isinstance(home, list):
            home[:] = renamed
        else:
            for key in self._keys:
                del home[key[0]]
            home |= {name: part for entry in renamed for name, part in entry.items()}
        return exact_json.dumps(tree).encode()

    @property
    def allows_duplicates(self) -> bool:
        return not isinstance(self._home_in(self._tree), dict)

    def _home_in(self, tree: Any) -> Any:
        return _home_of(tree, self._keys) if len(self._keys) > 1 else None

    def mentions(self, key: Key) -> bool:
        return _has(self._tree, key)

    def with_field(self, paths: Sequence[Path], way: Sequence[Path], value: Any) -> bytes | None:
        tree = copy.deepcopy(self._tree)
        records = [node for node in _objects(tree) if all(_reaches(node, each) for each in paths)]
        for path, below in pairwise(way):
            records = [each for record in records for each in _outermost(_at(record, path), below)]
        records = [record for record in records if _reaches(record, way[-1])]
        for record in records:
            _put(_at(record, way[-1][:-1]), way[-1][-1], value)
        return exact_json.dumps(tree).encode() if records else None

    def with_value(self, old: Any, new: Any) -> bytes | None:
        tree = [copy.deepcopy(self._tree)]
        keys = {part for key in self._keys for part in key}
        found = [(node, name) for node, name in _places(tree) if node[name] not in keys and _is(node[name], old)]
        for node, name in found:
            _put(node, name, new)
        return exact_json.dumps(tree[0]).encode() if found else None


def _has(node: Any, key: Key) -> bool:
    texts = {str(leaf) for leaf in _leaves(node)}
    return all(part in texts for part in key)


def _parts(node: Any) -> Iterable[Any]:
    return node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()


def _leaves(node: Any) -> Iterator[Any]:
    """Its texts and numbers, and the names of its objects: keys may be either."""
    if isinstance(node, str):
        yield node
    if isinstance(node, dict):
        yield from node
    for part in _parts(node):
        yield from _leaves(part)


def _objects(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for part in _parts(node):
        yield from _objects(part)


def _home_of(node: Any, keys: Sequence[Key]) -> Any:
    """The outermost list with an entry for each key, another for every one; or the object that has them as names."""
    if isinstance(node, list):
        homes = [[i for i, item in enumerate(node) if _has(item, key)] for key in keys]
        if all(homes) and len({i for home in homes for i in home}) >= len(keys):
            return node
    if isinstance(node, dict) and {*keys} <= {(name,) for name in node}:
        return node
    found = (_home_of(part, keys) for part in _parts(node))
    return next((home for home in found if home is not None), None)


def _entries(home: Any, key: Key) -> list[Any]:
    """What is said there of the key: an object of its own for each, where there is an object for all."""
    return [item for item in home if _has(item, key)] if isinstance(home, list) else [{key[0]: home[key[0]]}]


def _renamed(node: Any, old: Key, new: Key) -> Any:
    if isinstance(node, dict):
        return {_renamed(name, old, new): _renamed(part, old, new) for name, part in node.items()}
    if isinstance(node, list):
        return [_renamed(part, old, new) for part in node]
    return type(node)(new[old.index(node)]) if isinstance(node, str) and node in old else node


def _reaches(node: Any, path: Path) -> bool:
    for step in path:
        if not isinstance(node, dict) or step not in node:
            return False
        node = node[step]
    return True


def _at(node: Any, path: Path) -> Any:
    for step in path:
        node = node[step]
    return node


def _outermost(node: Any, path: Path) -> Iterator[Any]:
    """The objects that have this path, of those at the node or in its lists and mappings."""
    if _reaches(node, path):
        yield node
    else:
        for part in _parts(node):
            yield from _outermost(part, path)


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Where a text or a number stands: what holds it, and the name or index there."""
    for name, part in list(node.items() if isinstance(node, dict) else enumerate(node)):
        if isinstance(part, dict | list):
            yield from _places(part)
        elif isinstance(part, str):
            yield node, name


def _is(leaf: str, value: Any) -> bool:
    return isinstance(leaf, exact_json.ExactNumber) is not isinstance(value, str) and equal(leaf, value)


def _put(node: Any, name: Any, value: Any) -> None:
    if value is ABSENT:
        del node[name]
        return
    was_text = isinstance(node[name], str) and not isinstance(node[name], exact_json.ExactNumber)
    node[name] = None if value is NULL else str(value) if was_text else value
