"""SOAP 1.1 and 1.2 envelopes: build elements, wrap replies, format faults."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from lxml import etree

Element = etree._Element

XSI = "http://www.w3.org/2001/XMLSchema-instance"
NIL = f"{{{XSI}}}nil"
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


class Blame(Enum):
    """The side that caused a fault; the values are the code names in SOAP 1.1 and 1.2."""

    CLIENT = ("Client", "Sender")
    SERVER = ("Server", "Receiver")
    VERSION = ("VersionMismatch", "VersionMismatch")
    HEADER = ("MustUnderstand", "MustUnderstand")


class SoapFault(Exception):
    """A fault to answer with: `detail` is an element the WSDL names, `code` a more precise code than `blame`.

    `status` overrides the HTTP status its version prescribes.
    """

    def __init__(
        self,
        blame: Blame,
        reason: str,
        *,
        detail: Element | None = None,
        code: etree.QName | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(reason)
        self.blame = blame
        self.reason = reason
        self.detail = detail
        self.code = code
        self.status = status


def elements(namespace: str, prefix: str) -> Callable[..., Element]:
    """Return a function that makes elements in `namespace`: `make("Line", make("Sku", "0012"), status="OPEN")`."""
    declared = {prefix: namespace}

    def make(name: str, *content: Element | str | None, **attributes: str) -> Element:
        made = etree.Element(f"{{{namespace}}}{name}", attributes, nsmap=declared)
        for part in content:
            if isinstance(part, str):
                made.text = part
            elif part is None:
                made.set(NIL, "true")
            else:
                made.append(part)
        return made

    return make


def qualified(element: Element, name: etree.QName) -> Element:
    """Set a qualified name as the text of `element`; lxml declares the prefix."""
    element.text = name  # type: ignore[assignment]  # the stubs know only of str
    return element


@dataclass(frozen=True)
class Version:
    """One version of SOAP: the request format it expects and the reply format it writes."""

    namespace: str
    prefix: str
    media_type: str

    def tag(self, name: str) -> str:
        return f"{{{self.namespace}}}{name}"

    def wrap(self, content: Element) -> bytes:
        """Return the bytes of an envelope whose body holds one element."""
        make = elements(self.namespace, self.prefix)
        return etree.tostring(make("Envelope", make("Body", content)), xml_declaration=True, encoding="UTF-8")

    def fault(self, fault: SoapFault) -> Element:
        raise NotImplementedError

    def status(self, fault: SoapFault) -> int:
        """Return the HTTP status that the version's HTTP binding requires for the fault."""
        return 500


class Soap11(Version):
    def fault(self, fault: SoapFault) -> Element:
        made = elements(self.namespace, self.prefix)("Fault")
        code = fault.code or etree.QName(self.namespace, fault.blame.value[0])
        qualified(etree.SubElement(made, "faultcode"), code)
        etree.SubElement(made, "faultstring").text = fault.reason
        if fault.detail is not None:
            etree.SubElement(made, "detail").append(fault.detail)
        return made


class Soap12(Version):
    def fault(self, fault: SoapFault) -> Element:
        make = elements(self.namespace, self.prefix)
        code = make("Code", make("Value", f"{self.prefix}:{fault.blame.value[1]}"))
        text = make("Text", fault.reason)
        text.set(LANGUAGE, "en")
        made = make("Fault", code, make("Reason", text))
        if fault.detail is not None:
            code.append(make("Subcode", qualified(make("Value"), etree.QName(fault.detail))))
            made.append(make("Detail", fault.detail))
        return made

    def status(self, fault: SoapFault) -> int:
        return 400 if fault.blame is Blame.CLIENT else 500


SOAP11 = Soap11("http://schemas.xmlsoap.org/soap/envelope/", "soap", "text/xml")
SOAP12 = Soap12("http://www.w3.org/2003/05/soap-envelope", "env", "application/soap+xml")
