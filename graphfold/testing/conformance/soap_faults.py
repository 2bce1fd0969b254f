"""SOAP faults as a backend sends them: in the version of its contract, with the details that its WSDL declares."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

import httpx
from lxml import etree

from graphfold.adapter.soap.adapter import SoapAdapter
from graphfold.adapter.soap.contract import contract_of
from graphfold.adapter.soap.message import ENVELOPES
from graphfold.adapter.soap.plain import elements_in

__all__ = ["details", "enveloped", "fault"]

_FORMS = {
    "1.1": "<faultcode>{code}</faultcode><faultstring>{said}</faultstring><detail>{detail}</detail>",
    "1.2": "<soap:Code><soap:Value>{code}</soap:Value>{more}</soap:Code><soap:Reason>"
    '<soap:Text xml:lang="en">{said}</soap:Text></soap:Reason><soap:Detail>{detail}</soap:Detail>',
}
_MEDIA_TYPES = {"1.1": "text/xml", "1.2": "application/soap+xml"}


def enveloped(adapter: type[SoapAdapter], body: str) -> str:
    """The whole message."""
    space = ENVELOPES[_version(adapter)]
    return f'<soap:Envelope xmlns:soap="{space}"><soap:Body>{body}</soap:Body></soap:Envelope>'


def fault(
    adapter: type[SoapAdapter], code: str, status: int = 500, *, said: str = "no", detail: str = ""
) -> httpx.Response:
    """`code` is that of version 1.1: `soap:Client`, `wsse:FailedAuthentication`."""
    version = _version(adapter)
    code, more = (code, "") if version == "1.1" else _in_twelve(code)
    parts = _FORMS[version].format(code=code, more=more, said=escape(said), detail=detail)
    body = enveloped(adapter, f'<soap:Fault xmlns:wsse="urn:wsse">{parts}</soap:Fault>')
    return httpx.Response(status, content=body, headers={"content-type": _MEDIA_TYPES[version]})


def details(adapter: type[SoapAdapter], said: str) -> str:
    """Each detail that the contract declares, saying this wherever it takes a text."""
    return "".join(_written(name, kind, said) for name, kind in contract_of(adapter.wsdl, adapter.port).faults.items())


def _version(adapter: type[SoapAdapter]) -> str:
    return contract_of(adapter.wsdl, adapter.port).version


def _in_twelve(code: str) -> tuple[str, str]:
    """The same code in version 1.2: what is not the standard's own stands below one that is."""
    if not code.startswith("soap:"):
        return "soap:Sender", f"<soap:Subcode><soap:Value>{code}</soap:Value></soap:Subcode>"
    return {"soap:Server": "soap:Receiver", "soap:Client": "soap:Sender"}.get(code, code), ""


def _written(name: str, kind: Any, said: str) -> str:
    element: Any = etree.Element(name)
    if not hasattr(kind, "elements_nested"):
        element.text = said
    else:
        for part, (each, _) in elements_in(kind).items():
            if getattr(each.type, "accepted_types", None) == [str]:
                etree.SubElement(element, part).text = said
    return etree.tostring(element, encoding="unicode")
