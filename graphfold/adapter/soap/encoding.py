"""The types of SOAP 1.1 section 5 ("rpc/encoded") for a WSDL that uses them, without fetching anything.

WSDLs refer to the namespace as if everybody had its schema; the one here is ours and holds what readers need. Its types
are plain ones, not the published ones with attributes for references: `references` has put the values in place by then.
"""

from __future__ import annotations

from typing import Any

from lxml import etree

__all__ = ["ITEM", "NAMESPACE", "SCHEMA", "with_lists"]

NAMESPACE = "http://schemas.xmlsoap.org/soap/encoding/"

ITEM = "item"
"""What the items of an array are called in paths. In a reply they may have any name (section 5.4.2)."""

_WSDL = "http://schemas.xmlsoap.org/wsdl/"
_XSD = "http://www.w3.org/2001/XMLSchema"
_SAME = (
    *("anyURI", "base64Binary", "boolean", "byte", "date", "dateTime", "decimal", "double", "duration", "float"),
    *("hexBinary", "int", "integer", "long", "normalizedString", "QName", "short", "string", "time", "token"),
    *("negativeInteger", "nonNegativeInteger", "nonPositiveInteger", "positiveInteger"),
    *("unsignedByte", "unsignedInt", "unsignedLong", "unsignedShort"),
)


def _simple(name: str, base: str) -> str:
    return f'<simpleType name="{name}"><restriction base="x:{base}"/></simpleType>'


SCHEMA = f"""<schema xmlns="{_XSD}" xmlns:x="{_XSD}" targetNamespace="{NAMESPACE}">
{"".join([_simple(name, name) for name in _SAME])}{_simple("base64", "base64Binary")}
<attribute name="arrayType" type="x:string"/>
<complexType name="Array"><sequence>
<any minOccurs="0" maxOccurs="unbounded" processContents="lax"/>
</sequence></complexType></schema>""".encode()


def with_lists(document: bytes) -> bytes:
    """A WSDL or schema whose restrictions of `Array` are sequences of `item`: all else knows what a sequence is."""
    if b"arrayType" not in document:
        return document
    try:
        root: Any = etree.fromstring(document, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        return document  # whoever reads it says what is wrong
    for attribute in root.findall(f".//{{{_XSD}}}restriction/{{{_XSD}}}attribute[@{{{_WSDL}}}arrayType]"):
        _list(attribute)
    return etree.tostring(root.getroottree())


def _list(attribute: Any) -> None:
    item, bracket, size = attribute.get(f"{{{_WSDL}}}arrayType").rpartition("[")
    content = attribute.getparent().getparent()
    if not bracket or "[" in item or "," in size:  # arrays of arrays are left to those who read them as they come
        return
    sequence = etree.Element(f"{{{_XSD}}}sequence", nsmap=attribute.nsmap)
    many = {"minOccurs": "0", "maxOccurs": "unbounded", "nillable": "true", "form": "unqualified"}
    etree.SubElement(sequence, f"{{{_XSD}}}element", {"name": ITEM, "type": item, **many})
    content.getparent().replace(content, sequence)
