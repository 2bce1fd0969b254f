"""A WSDL file that lies beside its adapter: its operations, and the writers and readers made from its types.

    wsdl --zeep--> operations and XSD types
                     |-- request_writer   arguments    -> request bytes             made at the first call
                     |-- reply_readers    lxml element -> rows                      made for each selection of fields
                     `-- text_scanner     reply text   -> rows, without a tree      learns from replies

zeep parses the WSDL and nothing else: it writes requests only for types that `request_writer` does not support.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import zeep
from lxml import etree
from zeep.exceptions import Error as ZeepError
from zeep.wsdl.bindings.soap import Soap12Binding, SoapBinding
from zeep.wsdl.messages import RpcMessage

from graphfold.adapter.soap import encoded_types
from graphfold.adapter.soap.envelope import Element, exceeds_node_limit, local_name
from graphfold.adapter.soap.plain_data import PlainReaders, ReadElement
from graphfold.adapter.soap.reply_readers import reply_reader, reply_scanner
from graphfold.adapter.soap.request_writer import RequestWriter, enveloped, request_writer
from graphfold.adapter.soap.row_structs import WireType
from graphfold.adapter.soap.text_scanner import ReplyScanner
from graphfold.adapter.soap.xsd_types import XsdType, steps_to_content
from graphfold.mistakes import Mistake
from graphfold.rows.decoder import Unreadable

__all__ = ["Contract", "EnvelopeBuilder", "contract_of"]

logging.getLogger("zeep").setLevel(logging.CRITICAL)  # it logs what backends send

_zeep: Any = zeep  # it has no types
_SETTINGS = _zeep.Settings(
    strict=False,
    xsd_ignore_sequence_order=True,
    forbid_dtd=True,
    forbid_external=False,  # `_FolderTransport` refuses everything outside the folder
)

EnvelopeBuilder = Callable[[str], bytes]
"""Takes the header blocks of the credential (an empty text for none) and returns the whole message."""


class _FolderTransport(zeep.Transport):
    """Loads a WSDL and its imports from its own folder only. Nothing is fetched over the network, at start or later."""

    def __init__(self, wsdl: Path) -> None:
        untyped: Any = super()
        untyped.__init__()
        self._folder = wsdl.resolve().parent

    def load(self, url: str) -> bytes:
        if url == encoded_types.NAMESPACE:
            return encoded_types.SCHEMA
        file = Path(url).resolve()
        if not file.is_relative_to(self._folder):
            raise ValueError(f"{url} is not in the WSDL's folder; put a copy there and import that")
        return encoded_types.arrays_as_sequences(file.read_bytes())


class Contract:
    """One parsed WSDL file. `port` names the port if the service has several."""

    def __init__(self, wsdl: Path, port: str | None = None) -> None:
        self.wsdl = wsdl
        try:
            definitions: Any = _zeep.Client(str(wsdl), transport=_FolderTransport(wsdl), settings=_SETTINGS).wsdl
        except (OSError, ValueError, ZeepError, etree.LxmlError) as error:
            raise _unreadable(wsdl, str(error)) from None
        except RecursionError:
            raise _unreadable(wsdl, "imports of imports, or types in types, are nested too deeply") from None
        self._types = definitions.types
        self._binding = self._choose_binding(definitions, port)
        self._plain_readers = PlainReaders()
        self._writer = cache(self._make_writer)
        # Clients choose the selections, and so the types that replies are read into: their number has no limit.
        self._reader = lru_cache(1024)(self._make_reader)

    @property
    def version(self) -> str:
        """The version of SOAP: "1.1" or "1.2"."""
        return "1.2" if isinstance(self._binding, Soap12Binding) else "1.1"

    @property
    def operations(self) -> list[str]:
        """The names of the operations, sorted."""
        return sorted(self._binding._operations)

    @property
    def fault_detail_types(self) -> dict[str, XsdType]:
        """The types of the fault details that the operations declare, by the qualified name of the element."""
        declared = [fault for each in self._binding._operations.values() for fault in each.faults.values()]
        elements = [part.element for fault in declared for part in fault.abstract.parts.values()]
        return {element.qname.text: element.type for element in elements if element is not None}

    def argument_names(self, operation: str) -> list[str]:
        """Return the names of an operation's arguments."""
        body = self._operation(operation).input.body
        return [name for name, _ in body.type.elements] if body is not None else []

    def request(self, operation: str, arguments: Mapping[str, Any]) -> EnvelopeBuilder:
        """Return the message of a call. Raise `InvalidArgument` for arguments that the operation does not take."""
        blocks, body = self._writer(operation)(arguments)
        return lambda security: enveloped(self.version, security + blocks, body)

    def headers(self, operation: str) -> dict[str, str]:
        """Return the HTTP headers of a call, which name the operation's SOAP action."""
        action = self._operation(operation).soapaction or ""
        if self.version == "1.2":
            return {"content-type": f'application/soap+xml; charset=utf-8; action="{action}"'}
        return {"content-type": "text/xml; charset=utf-8", "soapaction": f'"{action}"'}

    def read_reply(
        self, operation: str, message: Element, at: str | None, wire: WireType = Any, *, reply: bytes = b""
    ) -> Any:
        """Return what the element in a reply's body holds at the path `at`, as `wire`; as plain data by default.

        Without `at`, wrappers that can hold only one element are stepped through. The WSDL decides what is a wrapper,
        so a reply with fewer elements is read in the same way. `reply` are the bytes that the scanner may learn from.
        """
        read, scanner = self._reader(operation, at, wire)
        result = read(message)
        if scanner is not None:
            scanner.learn(reply, message, result)
        return result

    def scan_reply(self, operation: str, reply: bytes, at: str | None, wire: WireType) -> list[Any] | None:
        """Return the result of `read_reply` from a reply's text; None if it has to be parsed as XML."""
        scanner = self._reader(operation, at, wire)[1]
        return None if scanner is None or exceeds_node_limit(reply) else scanner.read(reply)

    def result_path(self, operation: str, at: str | None) -> tuple[XsdType, list[str]]:
        """Return the type of the element in the operation's replies, and the steps from it to the result."""
        xsd_type = self._operation(operation).output.body.type
        return xsd_type, at.split(".") if at is not None else steps_to_content(xsd_type)

    def read_fault_detail(self, element: Element) -> Any:
        """Return an element of a fault's detail as plain data; None if the WSDL does not declare it."""
        try:
            declaration = self._types.get_element(etree.QName(element).text)
        except (LookupError, ZeepError):
            return None
        return self._plain_readers.of(declaration.type)(element)

    def _make_writer(self, operation: str) -> RequestWriter:
        return request_writer(self._operation(operation))

    def _make_reader(self, operation: str, at: str | None, wire: WireType) -> tuple[ReadElement, ReplyScanner | None]:
        output = self._operation(operation).output
        xsd_type, steps = self.result_path(operation, at)
        read, scanner = reply_reader(xsd_type, steps, wire), reply_scanner(xsd_type, steps, wire)
        if isinstance(output, RpcMessage):  # in RPC style the name of the reply's element has no meaning
            return read, scanner
        return _require_tag(output.body.qname.text, read), scanner

    def _operation(self, name: str) -> Any:
        operation = self._binding._operations.get(name)
        if operation is None:
            raise Mistake(
                str(self.wsdl),
                f"there is no operation {name!r}",
                why="an operation is called by its name in the WSDL.",
                fix=f"use one of {', '.join(self.operations)}.",
            )
        return operation

    def _choose_binding(self, definitions: Any, port: str | None) -> Any:
        ports = {name: p for service in definitions.services.values() for name, p in service.ports.items()}
        usable = {name: p for name, p in ports.items() if isinstance(p.binding, SoapBinding)}
        chosen = usable.get(port) if port else next(iter(usable.values()), None)
        if chosen is None:
            raise Mistake(
                str(self.wsdl),
                f"there is no SOAP port {port or ''}".rstrip(),
                why="the port decides which binding the adapter uses.",
                fix=f"set port to one of {sorted(usable)}." if usable else "use a WSDL with a SOAP binding.",
            )
        return chosen.binding


@cache
def contract_of(wsdl: Path, port: str | None = None) -> Contract:
    """Return the contract of a WSDL file, which is parsed once per process."""
    return Contract(wsdl, port)


def _unreadable(wsdl: Path, reason: str) -> Mistake:
    return Mistake(
        str(wsdl),
        f"the WSDL cannot be read: {reason}",
        why="the adapter's operations and types come from it.",
        fix="put the backend's WSDL, with all it imports, into the adapter's folder.",
    )


def _require_tag(tag: str, read: ReadElement) -> ReadElement:
    """Return a reader that raises `Unreadable` for elements with another tag."""

    def read_named(message: Element) -> Any:
        if message.tag != tag:
            raise Unreadable(f"<{local_name(message.tag)}> instead of <{local_name(tag)}>")
        return read(message)

    return read_named
