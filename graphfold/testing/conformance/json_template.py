"""Sample replies in JSON as templates. Numbers stay as they are written."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from graphfold.testing import exact_json
from graphfold.testing.conformance.reply_template import ABSENT, NULL, Key, Path, equal

__all__ = ["JsonTemplate"]


class JsonTemplate:
    """A `ReplyTemplate` of JSON."""

    media_type = "application/json"

    def __init__(self, text: str, keys: Sequence[Key]) -> None:
        self._tree, self._keys = exact_json.loads(text), keys

    def original(self) -> bytes:
        return exact_json.dumps(self._tree).encode()

    def with_keys(self, keys: Sequence[Key]) -> bytes:
        tree, first = copy.deepcopy(self._tree), self._keys[0]
        container = self._container_in(tree)
        if container is None:
            return exact_json.dumps(_with_key(tree, first, keys[0]) if keys else tree).encode()
        entries = {key: _entries_of(container, key) for key in self._keys}
        models = [(key, key if key in entries else first) for key in keys]
        made = [_with_key(entry, model, key) for key, model in models for entry in entries[model]]
        if isinstance(container, list):
            container[:] = made
        else:
            for key in self._keys:
                del container[key[0]]
            container |= {name: part for entry in made for name, part in entry.items()}
        return exact_json.dumps(tree).encode()

    @property
    def allows_duplicates(self) -> bool:
        return not isinstance(self._container_in(self._tree), dict)

    def mentions(self, key: Key) -> bool:
        return _has_key(self._tree, key)

    def with_field(self, record_paths: Sequence[Path], field_paths: Sequence[Path], value: Any) -> bytes | None:
        tree = copy.deepcopy(self._tree)
        records = [node for node in _objects(tree) if all(_has_path(node, path) for path in record_paths)]
        for path, below in pairwise(field_paths):
            records = [each for record in records for each in _outermost(_at(record, path), below)]
        records = [record for record in records if _has_path(record, field_paths[-1])]
        for record in records:
            _set(_at(record, field_paths[-1][:-1]), field_paths[-1][-1], value)
        return exact_json.dumps(tree).encode() if records else None

    def with_value(self, old: Any, new: Any) -> bytes | None:
        tree = [copy.deepcopy(self._tree)]  # in a list, so that a reply which is one value has a parent, too
        keys = {part for key in self._keys for part in key}
        # "7" is not 7: a text is replaced where the value is a text, a number where it is a number.
        places = [
            (parent, name)
            for parent, name in _leaves_in(tree)
            if (leaf := parent[name]) not in keys
            and isinstance(leaf, exact_json.ExactNumber) is not isinstance(old, str)
            and equal(leaf, old)
        ]
        for parent, name in places:
            _set(parent, name, new)
        return exact_json.dumps(tree[0]).encode() if places else None

    def _container_in(self, tree: Any) -> Any:
        return _container(tree, self._keys) if len(self._keys) > 1 else None


def _container(node: Any, keys: Sequence[Key]) -> Any:
    """Return the outermost list that has an entry of its own for each key, or object that has the keys as names."""
    if isinstance(node, list):
        found = [[i for i, item in enumerate(node) if _has_key(item, key)] for key in keys]
        if all(found) and len({i for indexes in found for i in indexes}) >= len(keys):
            return node
    if isinstance(node, dict) and {*keys} <= {(name,) for name in node}:
        return node
    below = (_container(part, keys) for part in _parts(node))
    return next((container for container in below if container is not None), None)


def _entries_of(container: Any, key: Key) -> list[Any]:
    """Return the entries of one key; one of an object is made an object itself, so that it can be renamed alike."""
    if isinstance(container, list):
        return [item for item in container if _has_key(item, key)]
    return [{key[0]: container[key[0]]}]


def _has_key(node: Any, key: Key) -> bool:
    texts = {str(text) for text in _texts(node)}
    return all(part in texts for part in key)


def _with_key(node: Any, old: Key, new: Key) -> Any:
    """Return a copy in which each part of the old key is that of the new one."""
    if isinstance(node, dict):
        return {_with_key(name, old, new): _with_key(part, old, new) for name, part in node.items()}
    if isinstance(node, list):
        return [_with_key(part, old, new) for part in node]
    return type(node)(new[old.index(node)]) if isinstance(node, str) and node in old else node


def _parts(node: Any) -> Iterable[Any]:
    return node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()


def _texts(node: Any) -> Iterator[str]:
    """Yield the texts, numbers and names of objects: a key may be any of them."""
    if isinstance(node, str):
        yield node
    if isinstance(node, dict):
        yield from node
    for part in _parts(node):
        yield from _texts(part)


def _objects(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for part in _parts(node):
        yield from _objects(part)


def _leaves_in(node: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each text and number as the list or object that holds it, and its index or name there."""
    for name, part in list(node.items() if isinstance(node, dict) else enumerate(node)):
        if isinstance(part, dict | list):
            yield from _leaves_in(part)
        elif isinstance(part, str):
            yield node, name


def _has_path(node: Any, path: Path) -> bool:
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
    """Yield the node if it has the path, else those in its lists and mappings that do."""
    if _has_path(node, path):
        yield node
    else:
        for part in _parts(node):
            yield from _outermost(part, path)


def _set(parent: Any, name: Any, value: Any) -> None:
    if value is ABSENT:
        del parent[name]
        return
    # A backend that writes a number as a text keeps doing so.
    was_text = isinstance(parent[name], str) and not isinstance(parent[name], exact_json.ExactNumber)
    parent[name] = None if value is NULL else str(value) if was_text else value
