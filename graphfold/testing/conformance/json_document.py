"""A sample reply in JSON. Numbers stay as they are written."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any

from graphfold.testing import exact
from graphfold.testing.conformance.documents import ABSENT, NULL, Key

__all__ = ["JsonDocument"]


class JsonDocument:
    """What `Document` says, in JSON."""

    media_type = "application/json"

    def __init__(self, text: str, keys: Sequence[Key]) -> None:
        self._tree, self._keys = exact.read(text), keys

    def whole(self) -> bytes:
        return exact.written(self._tree).encode()

    def of(self, keys: Sequence[Key]) -> bytes:
        tree = copy.deepcopy(self._tree)
        listed = _list_of(tree, self._keys) if len(self._keys) > 1 else None
        if listed is None:
            return exact.written(_renamed(tree, self._keys[0], keys[0]) if keys else tree).encode()
        entries = {key: [item for item in listed if _has(item, key)] for key in self._keys}
        first = self._keys[0]
        listed.clear()
        for key in keys:
            like = key if key in entries else first
            listed += [_renamed(item, like, key) for item in entries[like]]
        return exact.written(tree).encode()

    def holds(self, key: Key) -> bool:
        return _has(self._tree, key)

    def with_field(self, paths: Sequence[tuple[str, ...]], path: tuple[str, ...], value: Any) -> bytes | None:
        tree = copy.deepcopy(self._tree)
        records = [node for node in _objects(tree) if all(_reaches(node, each) for each in paths)]
        records = [record for record in records if _reaches(record, path)]
        for record in records:
            _put(record, path, value)
        return exact.written(tree).encode() if records else None


def _has(node: Any, key: Key) -> bool:
    texts = {str(leaf) for leaf in _leaves(node)}
    return all(part in texts for part in key)


def _leaves(node: Any) -> Iterator[Any]:
    if isinstance(node, dict | list):
        for part in node.values() if isinstance(node, dict) else node:
            yield from _leaves(part)
    elif isinstance(node, str):
        yield node


def _objects(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for part in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _objects(part)


def _list_of(node: Any, keys: Sequence[Key]) -> list[Any] | None:
    """The outermost list with an entry for each key, another for every one."""
    if isinstance(node, list):
        homes = [[i for i, item in enumerate(node) if _has(item, key)] for key in keys]
        if all(homes) and len({i for home in homes for i in home}) >= len(keys):
            return node
    for part in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        if (found := _list_of(part, keys)) is not None:
            return found
    return None


def _renamed(node: Any, old: Key, new: Key) -> Any:
    if isinstance(node, dict):
        return {name: _renamed(part, old, new) for name, part in node.items()}
    if isinstance(node, list):
        return [_renamed(part, old, new) for part in node]
    return type(node)(new[old.index(node)]) if isinstance(node, str) and node in old else node


def _reaches(node: Any, path: Sequence[str]) -> bool:
    for step in path:
        if not isinstance(node, dict) or step not in node:
            return False
        node = node[step]
    return True


def _put(node: Any, path: Sequence[str], value: Any) -> None:
    for step in path[:-1]:
        node = node[step]
    if value is ABSENT:
        del node[path[-1]]
        return
    was_text = isinstance(node[path[-1]], str) and not isinstance(node[path[-1]], exact.Number)
    node[path[-1]] = None if value is NULL else str(value) if was_text else value
