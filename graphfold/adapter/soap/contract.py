"""A pinned WSDL: which operations there are, how a request is written, what a reply holds."""

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
from zeep.xsd import ComplexType

from graphfold.adapter.soap import encoding
from graphfold.adapter.soap.answers import answer_reader, answer_scanner
from graphfold.adapter.soap.message import Element, is_vast, local
from graphfold.adapter.soap.plain import Plain
from graphfold.adapter.soap.reading import Read
from graphfold.adapter.soap.requests import RequestWriter, enveloped, request_writer
from graphfold.adapter.soap.scanner import Scanner
from graphfold.mistakes import Mistake
from graphfold.rows.decoder import Unreadable

__all__ = ["Contract", "Enclosing", "contract_of"]

logging.getLogger("zeep").setLevel(logging.CRITICAL)  # it logs what backends send

_zeep: Any = zeep  # it has no types
_SETTINGS = _zeep.Settings(
    strict=False,
    xsd_ignore_sequence_order=True,
    forbid_dtd=True,
    forbid_external=False,  # `_Folder` forbids it, all but one name
)

Enclosing = Callable[[str], bytes]
"""The header blocks of the credentials (an empty text for none) to the whole message."""


class _Folder(zeep.Transport):
    """Loads a WSDL and its imports from its folder only, wherever links lead: nothing is fetched, at start or later."""

    def __init__(self, wsdl: Path) -> None:
        untyped: Any = super()
        untyped.__init__()
        self._folder = wsdl.resolve().parent

    def load(self, url: str) -> bytes:
        if url == encoding.NAMESPACE:
            return encoding.SCHEMA
        file = Path(url).resolve()
        if not file.is_relative_to(self._folder):
            raise ValueError(f"{url} is not in the WSDL's folder; put a copy there and import that")
        return encoding.with_lists(file.read_bytes())


class Contract:
    """One WSDL file, read once. `port` names the port where the service has several."""

    def __init__(self, wsdl: Path, port: str | None = None) -> None:
        self.wsdl = wsdl
        try:
            definitions: Any = _zeep.Client(str(wsdl), transport=_Folder(wsdl), settings=_SETTINGS).wsdl
        except (OSError, ValueError, ZeepError, etree.LxmlError) as error:
            raise _unreadable(wsdl, str(error)) from None
        except RecursionError:
            raise _unreadable(wsdl, "imports of imports, or types in types, are nested too deeply") from None
        self._types = definitions.types
        self._binding = self._choose(definitions, port)
        self._plain = Plain()
        self._writer = cache(self._make_writer)
        self._reader = lru_cache(1024)(self._make_reader)  # clients choose the selections, and there are many

    @property
    def version(self) -> str:
        return "1.2" if isinstance(self._binding, Soap12Binding) else "1.1"

    @property
    def operations(self) -> list[str]:
        return sorted(self._binding._operations)

    @property
    def faults(self) -> dict[str, Any]:
        """The XSD types of the details that its operations declare, by the element's name."""
        declared = [fault for each in self._binding._operations.values() for fault in each.faults.values()]
        elements = [part.element for fault in declared for part in fault.abstract.parts.values()]
        return {element.qname.text: element.type for element in elements if element is not None}

    def arguments(self, operation: str) -> list[str]:
        """The names of an operation's arguments."""
        body = self._operation(operation).input.body
        return [name for name, _ in body.type.elements] if body is not None else []

    def request(self, operation: str, arguments: Mapping[str, Any]) -> Enclosing:
        """The message of a call. Raises `Misfit` for arguments that the operation does not take."""
        blocks, body = self._writer(operation)(arguments)
        return lambda security: enveloped(self.version, security + blocks, body)

    def headers(self, operation: str) -> dict[str, str]:
        action = self._operation(operation).soapaction or ""
        if self.version == "1.2":
            return {"content-type": f'application/soap+xml; charset=utf-8; action="{action}"'}
        return {"content-type": "text/xml; charset=utf-8", "soapaction": f'"{action}"'}

    def answer(self, operation: str, message: Element, at: str | None, wire: Any = Any, *, reply: bytes = b"") -> Any:
        """What the message in a reply's body holds at `at` below it, as the msgspec type `wire`; plain data without.

        Without `at`, wrappers that can hold only one element are stepped through: by the WSDL, not by what came.
        """
        read, scanner = self._reader(operation, at, wire)
        answer = read(message)
        if scanner is not None:
            scanner.learn(reply, message, answer)
        return answer

    def scanned(self, operation: str, reply: bytes, at: str | None, wire: Any) -> Any | None:
        """The same straight from a reply's text. None where it has to be read as XML."""
        scanner = self._reader(operation, at, wire)[1]
        return None if scanner is None or is_vast(reply) else scanner.read(reply)

    def way(self, operation: str, at: str | None) -> tuple[Any, list[str]]:
        """The XSD type of an answer, and the steps from it to what is read."""
        answer = self._operation(operation).output.body.type
        return answer, at.split(".") if at is not None else _wrappers(answer)

    def detail(self, element: Element) -> Any:
        """An element of a fault's detail, read by the WSDL's type for it; None where it has none."""
        try:
            known = self._types.get_element(etree.QName(element).text)
        except (LookupError, ZeepError):
            return None
        return self._plain.of(known.type)(element)

    def _make_writer(self, operation: str) -> RequestWriter:
        return request_writer(self._operation(operation))

    def _make_reader(self, operation: str, at: str | None, wire: Any) -> tuple[Read, Scanner | None]:
        output = self._operation(operation).output
        answer, steps = self.way(operation, at)
        read, scanner = answer_reader(answer, steps, wire), answer_scanner(answer, steps, wire)
        return read if isinstance(output, RpcMessage) else _named(output.body.qname.text, read), scanner

    def _operation(self, name: str) -> Any:
        found = self._binding._operations.get(name)
        if found is None:
            raise Mistake(
                str(self.wsdl),
                f"there is no operation {name!r}",
                why="an operation is called by its name in the WSDL.",
                fix=f"use one of {', '.join(self.operations)}.",
            )
        return found

    def _choose(self, definitions: Any, port: str | None) -> Any:
        ports = {name: p for service in definitions.services.values() for name, p in service.ports.items()}
        usable = {name: p for name, p in ports.items() if isinstance(p.binding, SoapBinding)}
        chosen = usable.get(port) if port else next(iter(usable.values()), None)
        if chosen is None:
            raise Mistake(
                str(self.wsdl),
                f"there is no SOAP port {port or ''}".rstrip(),
                why="the adapter has to know which binding to speak.",
                fix=f"set port to one of {sorted(usable)}." if usable else "use a WSDL with a SOAP binding.",
            )
        return chosen.binding


@cache
def contract_of(wsdl: Path, port: str | None = None) -> Contract:
    """The contract of a WSDL file, read once in a process."""
    return Contract(wsdl, port)


def _unreadable(wsdl: Path, reason: str) -> Mistake:
    return Mistake(
        str(wsdl),
        f"the WSDL cannot be read: {reason}",
        why="the adapter's operations and types come from it.",
        fix="put the backend's WSDL, with all it imports, into the adapter's folder.",
    )


def _named(tag: str, read: Read) -> Read:
    """Only for messages of this name. In RPC style the name says nothing."""

    def read_named(message: Element) -> Any:
        if message.tag != tag:
            raise Unreadable(f"<{local(message.tag)}> instead of <{local(tag)}>")
        return read(message)

    return read_named


def _wrappers(xsd_type: Any) -> list[str]:
    """The names of the wrappers around what a message is about."""
    steps: list[str] = []
    while isinstance(xsd_type, ComplexType) and len(xsd_type.elements) == 1 and not xsd_type.attributes:
        element = xsd_type.elements[0][1]
        if not isinstance(element.type, ComplexType) and not element.accepts_multiple:
            break
        steps.append(element.name)
        if element.accepts_multiple:
            break
        xsd_type = element.type
    return steps
