"""Rename every field and element of a reply, as a backend with an incompatible new version would."""

from __future__ import annotations

from dataclasses import replace

import orjson
from lxml import etree

from sandbox.envelopes import SOAP11, SOAP12
from sandbox.messages import Response

KEPT = {"data", "errors"}
"""What the fields of a GraphQL reply stand in, as the elements of a SOAP reply stand in its envelope."""


def reshaped(response: Response) -> Response:
    """Return the response with a 2 appended to the name of each field and element; plain text is unchanged."""
    media_type = response.headers.get("Content-Type", "").partition(";")[0]
    if media_type.endswith("json"):
        return replace(response, body=orjson.dumps(_json(orjson.loads(response.body))))
    if media_type.endswith("xml"):
        return replace(response, body=_xml(response.body))
    return response


def _json(value: object) -> object:
    if isinstance(value, dict):
        return {name if name in KEPT else f"{name}2": _json(inner) for name, inner in value.items()}
    return [_json(inner) for inner in value] if isinstance(value, list) else value


def _xml(body: bytes) -> bytes:
    root = etree.fromstring(body)
    for element in root.iter():
        name = etree.QName(element)
        if name.namespace not in (SOAP11.namespace, SOAP12.namespace):
            element.tag = f"{element.tag}2"
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")
