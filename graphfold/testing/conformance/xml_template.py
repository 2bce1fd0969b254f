"""Sample replies in XML as templates. Paths name elements without namespace, `@name` attributes, `#text` a text."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from lxml import etree

from graphfold.testing.conformance.reply_template import ABSENT, NULL, Key, Path, equal

__all__ = ["XmlTemplate"]

_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


class XmlTemplate:
    """A `ReplyTemplate` of XML."""

    media_type = "text/xml"
    allows_duplicates = True

    def __init__(self, text: str, keys: Sequence[Key]) -> None:
        self._tree: Any = etree.fromstring(text.strip().encode(), etree.XMLParser(remove_blank_text=True))
        self._keys = keys

    def original(self) -> bytes:
        return etree.tostring(self._tree)

    def with_keys(self, keys: Sequence[Key]) -> bytes:
        tree = copy.deepcopy(self._tree)
        parent = _container(tree, self._keys) if len(self._keys) > 1 else None
        if parent is None:
            if keys:
                _set_key(tree, self._keys[0], keys[0])
            return etree.tostring(tree)
        entries = {key: [child for child in parent if _has_key(child, key)] for key in self._keys}
        first = parent.index(entries[self._keys[0]][0])
        for child in [child for children in entries.values() for child in children]:
            parent.remove(child)
        for key in reversed(keys):  # each is inserted before the one inserted last
            for child in reversed(entries.get(key) or entries[self._keys[0]]):
                entry = copy.deepcopy(child)
                parent.insert(first, entry)
                _set_key(entry, key if key in entries else self._keys[0], key)
        return etree.tostring(tree)

    def mentions(self, key: Key) -> bool:
        return _has_key(self._tree, key)

    def with_field(self, record_paths: Sequence[Path], field_paths: Sequence[Path], value: Any) -> bytes | None:
        tree = copy.deepcopy(self._tree)
        records = [node for node in tree.iter() if all(_at(node, path) is not None for path in record_paths)]
        for path in field_paths[:-1]:
            records = [each for record in records for each in _all_at(record, path)]
        records = [record for record in records if _at(record, field_paths[-1]) is not None]
        for record in records:
            _set(record, field_paths[-1], value)
        return etree.tostring(tree) if records else None

    def with_value(self, old: Any, new: Any) -> bytes | None:
        tree = copy.deepcopy(self._tree)
        keys = {part for key in self._keys for part in key}
        nodes = [node for node in tree.iter() if node.text and node.text not in keys and equal(node.text, old)]
        for node in nodes:
            node.text = str(new)
        return etree.tostring(tree) if nodes else None


def _container(tree: Any, keys: Sequence[Key]) -> Any:
    """Return the outermost element that has a child of its own for each key."""
    for node in tree.iter():
        found = [[i for i, child in enumerate(node) if _has_key(child, key)] for key in keys]
        if all(found) and len({i for indexes in found for i in indexes}) >= len(keys):
            return node
    return None


def _has_key(node: Any, key: Key) -> bool:
    texts = {text for each in node.iter() for text in ((each.text or "").strip(), *each.attrib.values())}
    return all(part in texts for part in key)


def _set_key(node: Any, old: Key, new: Key) -> None:
    """Replace each part of the old key, in texts and attributes."""
    for each in node.iter():
        if (text := (each.text or "").strip()) in old:
            each.text = new[old.index(text)]
        for name, value in each.attrib.items():
            if value in old:
                each.set(name, new[old.index(value)])


def _at(node: Any, path: Path) -> Any:
    """Return the element at the path, or for an attribute the pair of its element and its name; None if absent."""
    for step in path:
        if step == "#text":
            return node
        if step.startswith("@"):
            return (node, step[1:]) if node.get(step[1:]) is not None else None
        node = next((child for child in node if etree.QName(child).localname == step), None)
        if node is None:
            return None
    return node


def _all_at(node: Any, path: Path) -> list[Any]:
    """Return all elements at the path, where any of its steps may be repeated."""
    nodes = [node]
    for step in path:
        nodes = [child for each in nodes for child in each if etree.QName(child).localname == step]
    return nodes


def _set(node: Any, path: Path, value: Any) -> None:
    target = _at(node, path)
    if isinstance(target, tuple):
        element, name = target
        if value is ABSENT:
            element.attrib.pop(name)
        else:
            element.set(name, str(value))
    elif value is ABSENT:
        target.getparent().remove(target)
    else:
        for child in list(target):
            target.remove(child)
        target.text = None if value is NULL else str(value)
        if value is NULL:
            target.set(_NIL, "true")
