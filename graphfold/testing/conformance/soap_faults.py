"""SOAP faults as a backend sends them: in the SOAP version of its WSDL, with the details declared there."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

import httpx
from lxml import etree

from graphfold.adapter.soap.adapter import SoapAdapter
from graphfold.adapter.soap.contract import contract_of
from graphfold.adapter.soap.envelope import ENVELOPE_NAMESPACES
from graphfold.adapter.soap.xsd_types import child_elements

__all__ = ["fault_details", "fault_reply", "in_envelope"]

_FORMS = {
    "1.1": "<faultcode>{code}</faultcode><faultstring>{text}</faultstring><detail>{detail}</detail>",
    "1.2": "<soap:Code><soap:Value>{code}</soap:Value>{subcode}</soap:Code><soap:Reason>"
    '<soap:Text xml:lang="en">{text}</soap:Text></soap:Reason><soap:Detail>{detail}</soap:Detail>',
}
_MEDIA_TYPES = {"1.1": "text/xml", "1.2": "application/soap+xml"}


def in_envelope(adapter: type[SoapAdapter], body: str) -> str:
    """Return the SOAP message with this content of its body."""
    namespace = ENVELOPE_NAMESPACES[_version(adapter)]
    return f'<soap:Envelope xmlns:soap="{namespace}"><soap:Body>{body}</soap:Body></soap:Envelope>'


def fault_reply(
    adapter: type[SoapAdapter], code: str, status: int = 500, *, text: str = "no", detail: str = ""
) -> httpx.Response:
    """Return a reply with a fault. `code` is one of SOAP 1.1, as `soap:Client` or `wsse:FailedAuthentication`."""
    version = _version(adapter)
    code, subcode = (code, "") if version == "1.1" else _soap_12_code(code)
    parts = _FORMS[version].format(code=code, subcode=subcode, text=escape(text), detail=detail)
    body = in_envelope(adapter, f'<soap:Fault xmlns:wsse="urn:wsse">{parts}</soap:Fault>')
    return httpx.Response(status, content=body, headers={"content-type": _MEDIA_TYPES[version]})


def fault_details(adapter: type[SoapAdapter], text: str) -> str:
    """Return every fault detail that the WSDL declares, with `text` in each of its string elements."""
    types = contract_of(adapter.wsdl, adapter.port).fault_detail_types
    return "".join(_detail(name, kind, text) for name, kind in types.items())


def _version(adapter: type[SoapAdapter]) -> str:
    return contract_of(adapter.wsdl, adapter.port).version


def _soap_12_code(code: str) -> tuple[str, str]:
    """Return a SOAP 1.1 code as the code and subcode of SOAP 1.2, where only the standard's codes are top-level."""
    if not code.startswith("soap:"):
        return "soap:Sender", f"<soap:Subcode><soap:Value>{code}</soap:Value></soap:Subcode>"
    return {"soap:Server": "soap:Receiver", "soap:Client": "soap:Sender"}.get(code, code), ""


def _detail(name: str, kind: Any, text: str) -> str:
    element: Any = etree.Element(name)
    if not hasattr(kind, "elements_nested"):
        element.text = text
    else:
        for child, (declaration, _) in child_elements(kind).items():
            if getattr(declaration.type, "accepted_types", None) == [str]:
                etree.SubElement(element, child).text = text
    return etree.tostring(element, encoding="unicode")
