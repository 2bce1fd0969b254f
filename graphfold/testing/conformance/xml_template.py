"""A sample reply in XML: elements by local name, `@name` for attributes, `#text` for an element's own text."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

from lxml import etree

from graphfold.testing.conformance.reply_template import ABSENT, NULL, Key, Path, equal

__all__ = ["XmlTemplate"]

_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


class XmlTemplate:
    """What `ReplyTemplate` says, in XML."""

    media_type = "text/xml"
    allows_duplicates = True

    def __init__(self, text: str, keys: Sequence[Key]) -> None:
        self._tree: Any = etree.fromstring(text.strip().encode(), etree.XMLParser(remove_blank_text=True))
        self._keys = keys

    def original(self) -> bytes:
        return etree.tostring(self._tree)

    def with_keys(self, keys: Sequence[Key]) -> bytes:
        tree = copy.deepcopy(self._tree)
        parent = _parent_of(tree, self._keys) if len(self._keys) > 1 else None
        if parent is None:
            if keys:
                _rename(tree, self._keys[0], keys[0])
            return etree.tostring(tree)
        entries = {key: [child for child in parent if _says(child, key)] for key in self._keys}
        at = parent.index(entries[self._keys[0]][0])
        for child in [child for each in entries.values() for child in each]:
            parent.remove(child)
        for key in reversed(keys):
            for child in reversed(entries.get(key) or entries[self._keys[0]]):
                parent.insert(at, like := copy.deepcopy(child))
                _rename(like, key if key in entries else self._keys[0], key)
        return etree.tostring(tree)

    def mentions(self, key: Key) -> bool:
        return _says(self._tree, key)

    def with_field(self, paths: Sequence[Path], way: Sequence[Path], value: Any) -> bytes | None:
        tree = copy.deepcopy(self._tree)
        records = [node for node in tree.iter() if all(_found(node, each) is not None for each in paths)]
        for path in way[:-1]:
            records = [each for record in records for each in _all(record, path)]
        records = [record for record in records if _found(record, way[-1]) is not None]
        for record in records:
            _set(record, way[-1], value)
        return etree.tostring(tree) if records else None

    def with_value(self, old: Any, new: Any) -> bytes | None:
        tree = copy.deepcopy(self._tree)
        keys = {part for key in self._keys for part in key}
        texts = [node for node in tree.iter() if node.text and node.text not in keys and equal(node.text, old)]
        for node in texts:
            node.text = str(new)
        return etree.tostring(tree) if texts else None


def _says(node: Any, key: Key) -> bool:
    texts = {text for each in node.iter() for text in ((each.text or "").strip(), *each.attrib.values())}
    return all(part in texts for part in key)


def _parent_of(tree: Any, keys: Sequence[Key]) -> Any:
    def home(node: Any) -> bool:
        homes = [[i for i, child in enumerate(node) if _says(child, key)] for key in keys]
        return all(homes) and len({i for each in homes for i in each}) >= len(keys)

    return next((node for node in tree.iter() if home(node)), None)


def _rename(node: Any, old: Key, new: Key) -> None:
    for each in node.iter():
        if (text := (each.text or "").strip()) in old:
            each.text = new[old.index(text)]
        for name, value in each.attrib.items():
            if value in old:
                each.set(name, new[old.index(value)])


def _found(node: Any, path: Path) -> Any:
    """What stands at the path: an element, or the pair of an element and the attribute's name."""
    for step in path:
        if step == "#text":
            return node
        if step.startswith("@"):
            return (node, step[1:]) if node.get(step[1:]) is not None else None
        node = next((child for child in node if etree.QName(child).localname == step), None)
        if node is None:
            return None
    return node


def _all(node: Any, path: Path) -> list[Any]:
    """The elements at the path, each of those that are repeated."""
    nodes = [node]
    for step in path:
        nodes = [child for each in nodes for child in each if etree.QName(child).localname == step]
    return nodes


def _set(node: Any, path: Path, value: Any) -> None:
    place = _found(node, path)
    if isinstance(place, tuple):
        owner, name = place
        if not _unset(lambda: owner.attrib.pop(name), value):
            owner.set(name, str(value))
        return
    if _unset(lambda: place.getparent().remove(place), value):
        return
    for child in list(place):
        place.remove(child)
    place.text = None if value is NULL else str(value)
    if value is NULL:
        place.set(_NIL, "true")


def _unset(remove: Callable[[], Any], value: Any) -> bool:
    if value is ABSENT:
        remove()
    return value is ABSENT
