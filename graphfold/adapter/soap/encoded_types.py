"""Types of SOAP 1.1 section 5 ("rpc/encoded") for a WSDL that uses them, without fetching their schema.

WSDLs refer to the namespace `soapenc` as if every client had its schema. The schema here has what the readers need: its
types are plain ones, without the attributes for references (`id`, `href`), because `multiref` resolves those first.

An array is a restriction of `soapenc:Array`, with the type of its items in an attribute. `arrays_as_sequences` rewrites

    <complexContent><restriction base="soapenc:Array">
      <attribute ref="soapenc:arrayType" wsdl:arrayType="tns:Price[]"/>
    </restriction></complexContent>

to what zeep and the readers understand:

    <sequence><element name="item" type="tns:Price" minOccurs="0" maxOccurs="unbounded" .../></sequence>
"""

from __future__ import annotations

from typing import Any

from lxml import etree

__all__ = ["ITEM", "NAMESPACE", "SCHEMA", "arrays_as_sequences"]

NAMESPACE = "http://schemas.xmlsoap.org/soap/encoding/"

ITEM = "item"
"""The name of an array's items in paths. In a reply they may have any name (section 5.4.2)."""

_WSDL = "http://schemas.xmlsoap.org/wsdl/"
_XSD = "http://www.w3.org/2001/XMLSchema"
_SIMPLE_TYPES = (
    *("anyURI", "base64Binary", "boolean", "byte", "date", "dateTime", "decimal", "double", "duration", "float"),
    *("hexBinary", "int", "integer", "long", "normalizedString", "QName", "short", "string", "time", "token"),
    *("negativeInteger", "nonNegativeInteger", "nonPositiveInteger", "positiveInteger"),
    *("unsignedByte", "unsignedInt", "unsignedLong", "unsignedShort"),
)
"""Types that the encoding has by the names of XSD."""


def _simple_type(name: str, base: str) -> str:
    return f'<simpleType name="{name}"><restriction base="x:{base}"/></simpleType>'


SCHEMA = f"""<schema xmlns="{_XSD}" xmlns:x="{_XSD}" targetNamespace="{NAMESPACE}">
{"".join([_simple_type(name, name) for name in _SIMPLE_TYPES])}{_simple_type("base64", "base64Binary")}
<attribute name="arrayType" type="x:string"/>
<complexType name="Array"><sequence>
<any minOccurs="0" maxOccurs="unbounded" processContents="lax"/>
</sequence></complexType></schema>""".encode()


def arrays_as_sequences(document: bytes) -> bytes:
    """Return a WSDL or schema with its restrictions of `Array` rewritten as sequences of `item`."""
    if b"arrayType" not in document:
        return document
    try:
        root: Any = etree.fromstring(document, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        return document  # zeep parses it again and reports the error
    for attribute in root.findall(f".//{{{_XSD}}}restriction/{{{_XSD}}}attribute[@{{{_WSDL}}}arrayType]"):
        item, bracket, size = attribute.get(f"{{{_WSDL}}}arrayType").rpartition("[")
        if not bracket or "[" in item or "," in size:
            continue  # arrays of arrays stay `Array`, whose items are read as plain data
        sequence = etree.Element(f"{{{_XSD}}}sequence", nsmap=attribute.nsmap)
        occurs = {"minOccurs": "0", "maxOccurs": "unbounded", "nillable": "true", "form": "unqualified"}
        etree.SubElement(sequence, f"{{{_XSD}}}element", {"name": ITEM, "type": item, **occurs})
        content = attribute.getparent().getparent()
        content.getparent().replace(content, sequence)
    return etree.tostring(root.getroottree())
