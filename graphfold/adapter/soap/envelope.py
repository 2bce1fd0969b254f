"""Parse a reply's bytes as XML and find the element in the body of a SOAP envelope of either version."""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from graphfold.rows.decoder import Malformed, Unreadable

__all__ = [
    "ENVELOPE_NAMESPACES",
    "MAX_NODES",
    "Element",
    "body_element",
    "exceeds_node_limit",
    "has_nil_attribute",
    "is_nil",
    "local_name",
    "parse_reply",
]

Element = Any
"""An element of lxml, which has no type annotations. The parser drops comments and processing instructions, so all of
its children are elements.
"""

ENVELOPE_NAMESPACES = {
    "1.1": "http://schemas.xmlsoap.org/soap/envelope/",
    "1.2": "http://www.w3.org/2003/05/soap-envelope",
}

MAX_NODES = 150_000
"""Elements and attributes of a reply. Each takes up to 360 bytes of memory, however few bytes it has in the reply."""

_MIN_NODE_BYTES = 4
"""The fewest bytes that an element or an attribute takes in a reply."""

_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_NIL = f"{{{_XSI}}}nil"
_FIRST_TAG = re.compile(rb"<[A-Za-z_][\w.:-]*")
_BODIES = {f"{{{namespace}}}Envelope": f"{{{namespace}}}Body" for namespace in ENVELOPE_NAMESPACES.values()}


def parse_reply(body: bytes) -> Element:
    """Return the root element. Raise `Malformed` for bytes that are not XML, too many nodes, or a DOCTYPE.

    Nothing is fetched or expanded.
    """
    if exceeds_node_limit(body):
        raise Malformed(f"the reply has more than {MAX_NODES:,} elements and attributes")
    body = body.lstrip()
    try:
        root = _parse(body)
    except (etree.XMLSyntaxError, ValueError):
        root = _parse_with_xsi(body)
    docinfo: Any = root.getroottree().docinfo
    if docinfo.doctype:
        raise Malformed("the reply has a DOCTYPE")
    return root


def exceeds_node_limit(body: bytes) -> bool:
    """Return whether a reply may have more than `MAX_NODES` elements and attributes.

    The count is made before parsing, of `<` and `=`, so those in texts count too.
    """
    may_exceed = len(body) > _MIN_NODE_BYTES * MAX_NODES
    return may_exceed and body.count(b"<") - body.count(b"</") + body.count(b"=") > MAX_NODES


def body_element(root: Element) -> Element:
    """Return the element in the envelope's body, a result or a fault. Raise `Unreadable`."""
    if root.tag not in _BODIES:
        raise Malformed("the reply is no SOAP envelope")
    body = root.find(_BODIES[root.tag])
    if body is None or not len(body):
        raise Unreadable("the envelope's body is empty")
    return body[0]


def local_name(tag: str) -> str:
    """Return a tag without its namespace."""
    return tag.rpartition("}")[2]


def is_nil(element: Element) -> bool:
    """Return whether the element has `xsi:nil` and is empty. With content it is not nil, despite the attribute."""
    return not len(element) and not (element.text or "").strip() and has_nil_attribute(element)


def has_nil_attribute(element: Element) -> bool:
    """Return whether the element has a true `xsi:nil`."""
    return element.get(_NIL) in ("true", "1")


def _parse(body: bytes) -> Element:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    return etree.fromstring(body, parser)


def _parse_with_xsi(body: bytes) -> Element:
    """Parse a reply of node-soap, which writes `xsi:nil` without declaring the prefix, with a declaration added."""
    malformed = Malformed("the reply is no well-formed XML")
    if b"xsi:" not in body or b"xmlns:xsi" in body:
        raise malformed
    try:
        return _parse(_FIRST_TAG.sub(rb'\g<0> xmlns:xsi="%s"' % _XSI.encode(), body, count=1))
    except (etree.XMLSyntaxError, ValueError):
        raise malformed from None
