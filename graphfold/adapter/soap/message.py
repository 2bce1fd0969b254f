"""What a reply's bytes hold: the element in the body of a SOAP envelope of either version."""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from graphfold.rows.decoder import Malformed, Unreadable

__all__ = ["ENVELOPES", "MOST", "Element", "is_nil", "is_vast", "local", "message_in", "parse", "says_nil"]

Element = Any
"""An lxml element. Comments and processing instructions are gone: whatever it holds is elements and text."""

ENVELOPES = {"1.1": "http://schemas.xmlsoap.org/soap/envelope/", "1.2": "http://www.w3.org/2003/05/soap-envelope"}

MOST = 150_000
"""Elements and attributes of a message, which take up to 360 bytes each, whatever they take in the reply."""

_LEAST = 4
"""Bytes that an element or an attribute takes in a reply."""

_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_NIL = f"{{{_XSI}}}nil"
_FIRST_TAG = re.compile(rb"<[A-Za-z_][\w.:-]*")
_BODIES = {f"{{{namespace}}}Envelope": f"{{{namespace}}}Body" for namespace in ENVELOPES.values()}


def parse(body: bytes) -> Element:
    """The root element. Nothing is fetched or expanded: a reply with a DOCTYPE is refused."""
    if is_vast(body):
        raise Malformed(f"the reply has more than {MOST:,} elements and attributes")
    body = body.lstrip()
    try:
        root = _root(body)
    except (etree.XMLSyntaxError, ValueError):
        root = _with_xsi(body)
    docinfo: Any = root.getroottree().docinfo
    if docinfo.doctype:
        raise Malformed("the reply has a DOCTYPE")
    return root


def is_vast(body: bytes) -> bool:
    """Whether it may have more elements and attributes than are read. What looks like one in a text counts, too."""
    return len(body) > _LEAST * MOST and body.count(b"<") - body.count(b"</") + body.count(b"=") > MOST


def message_in(root: Element) -> Element:
    """The element in the envelope's body: the answer or a fault."""
    if root.tag not in _BODIES:
        raise Malformed("the reply is no SOAP envelope")
    body = root.find(_BODIES[root.tag])
    if body is None or not len(body):
        raise Unreadable("the envelope's body is empty")
    return body[0]


def local(tag: str) -> str:
    """A name without its namespace."""
    return tag.rpartition("}")[2]


def is_nil(element: Element) -> bool:
    """Whether it says so and has nothing in it; what has content is not nil, whatever it says."""
    return not len(element) and not (element.text or "").strip() and says_nil(element)


def says_nil(element: Element) -> bool:
    return element.get(_NIL) in ("true", "1")


def _root(body: bytes) -> Element:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    return etree.fromstring(body, parser)


def _with_xsi(body: bytes) -> Element:
    """Once more, for node-soap: it writes xsi:nil and declares no xsi."""
    malformed = Malformed("the reply is no well-formed XML")
    if b"xsi:" not in body or b"xmlns:xsi" in body:
        raise malformed
    try:
        return _root(_FIRST_TAG.sub(rb'\g<0> xmlns:xsi="%s"' % _XSI.encode(), body, count=1))
    except (etree.XMLSyntaxError, ValueError):
        raise malformed from None
