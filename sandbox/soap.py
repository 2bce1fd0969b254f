"""A strict document/literal SOAP service over HTTP: parse, validate, dispatch, reply.

Requests are validated against the XML Schema in the service's WSDL, so operations get valid input only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from xml.sax.saxutils import escape

from lxml import etree

from sandbox.backend import Backend
from sandbox.envelopes import Blame, Element, SoapFault, Version
from sandbox.messages import Request, Response, text_response

SCHEMA = "{http://www.w3.org/2001/XMLSchema}schema"
WRITTEN_ADDRESS = b"http://127.0.0.1:8001"
"""The sandbox's address in the WSDL files; replaced by the host that the client requested."""

Operation = Callable[[Element], Element]


class SoapService(Backend):
    """One SOAP port. Subclasses set version, WSDL and operations, and authenticate requests."""

    version: Version
    wsdl: Path
    understood: frozenset[str] = frozenset()
    """Tags of the header blocks that may say mustUnderstand."""

    def __init__(self, operations: Mapping[str, Operation]) -> None:
        self.media_type = self.version.media_type
        self._operations = operations
        self._wsdl = self.wsdl.read_bytes()
        schema = etree.fromstring(self._wsdl).find(f".//{SCHEMA}")
        assert schema is not None
        self._schema = etree.XMLSchema(schema)
        self._namespace = schema.get("targetNamespace")

    def is_data(self, request: Request) -> bool:
        return request.method != "GET"

    async def answer(self, request: Request) -> Response:
        if request.segments != [self.name]:
            return text_response("Nothing is here.", 404)
        if request.method == "GET" and "wsdl" in map(str.lower, request.query):
            return self._description(request)
        if request.method != "POST":
            return text_response("SOAP is spoken with POST.", 405, {"Allow": "POST"})
        if request.media_type != self.version.media_type:
            return text_response(f"Send {self.version.media_type}.", 415)
        return self.refusal(request) or self._soap(request)

    def refusal(self, request: Request) -> Response | None:
        """Return an HTTP response that rejects an unauthenticated request, or None to accept it."""
        return None

    def authorise(self, header: Element | None) -> None:
        """Raise SoapFault if the envelope's header does not authenticate the request."""

    def broken(self, status: int) -> Response:
        """Return the reply of a failing service."""
        return self._fault(SoapFault(Blame.SERVER, "The service is not available", status=status))

    def _soap(self, request: Request) -> Response:
        try:
            return self._reply(self.version.wrap(self._perform(self._envelope(request.body))), 200)
        except SoapFault as fault:
            return self._fault(fault)

    def _envelope(self, body: bytes) -> Element:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
        try:
            root = etree.fromstring(body, parser)
        except etree.XMLSyntaxError as error:
            raise SoapFault(Blame.CLIENT, f"Not well-formed XML: {error.msg}") from None
        if b"<!DOCTYPE" in body:
            raise SoapFault(Blame.CLIENT, "A document type is not allowed")
        if root.tag != self.version.tag("Envelope"):
            raise SoapFault(Blame.VERSION, f"Expected an Envelope in {self.version.namespace}")
        return root

    def _perform(self, envelope: Element) -> Element:
        header, body = envelope.find(self.version.tag("Header")), envelope.find(self.version.tag("Body"))
        self._understand(header)
        self.authorise(header)
        if body is None or len(body) != 1:
            raise SoapFault(Blame.CLIENT, "The Body must hold exactly one element")
        name = etree.QName(body[0])
        operation = self._operations.get(name.localname)
        if operation is None or name.namespace != self._namespace:
            raise SoapFault(Blame.CLIENT, f"No operation takes {name.text}")
        if not self._schema.validate(body[0]):
            raise SoapFault(Blame.CLIENT, _first_error(self._schema))
        return operation(body[0])

    def _understand(self, header: Element | None) -> None:
        for block in header if header is not None else ():
            if block.get(self.version.tag("mustUnderstand")) in ("1", "true") and block.tag not in self.understood:
                raise SoapFault(Blame.HEADER, f"{block.tag} is not understood")

    def _fault(self, fault: SoapFault) -> Response:
        return self._reply(self.version.wrap(self.version.fault(fault)), fault.status or self.version.status(fault))

    def _reply(self, envelope: bytes, status: int) -> Response:
        return Response(status, envelope, {"Content-Type": f"{self.version.media_type}; charset=utf-8"})

    def _description(self, request: Request) -> Response:
        here = "http://" + escape(request.headers.get("host", "localhost"), {'"': "&quot;"})
        wsdl = self._wsdl.replace(WRITTEN_ADDRESS, here.encode())
        return Response(200, wsdl, {"Content-Type": "text/xml; charset=utf-8"})


def _first_error(schema: etree.XMLSchema) -> str:
    return next((str(entry.message) for entry in schema.error_log), "The request is not valid")  # type: ignore[attr-defined]


def text_of(parent: Element, name: str) -> str:
    """Return the text of a child that the schema requires."""
    return parent.findtext(f"{{*}}{name}") or ""
