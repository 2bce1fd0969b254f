"""SOAP backends: call an operation of the WSDL with Python values, and read its reply into rows."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from graphfold.adapter.base import Adapter
from graphfold.adapter.error_hooks import add_log_detail, call_error_hook
from graphfold.adapter.reply_errors import (
    status_outranks_body,
    unreadable_error,
    wrong_address_error,
    wrong_format_error,
)
from graphfold.adapter.soap.contract import Contract, contract_of
from graphfold.adapter.soap.faults import SoapFault, error_for_fault, find_fault
from graphfold.adapter.soap.multiref import parse_message
from graphfold.adapter.soap.python_to_xsd import InvalidArgument
from graphfold.adapter.soap.row_structs import WireType
from graphfold.errors import BackendContract, GraphError
from graphfold.mistakes import Mistake, author_location
from graphfold.rows.decoder import Unreadable, decoder_for
from graphfold.transport.call import Call, Reply

__all__ = ["SoapAdapter"]

T = TypeVar("T")

_THREAD_BYTES = 200_000
"""Replies of at least this size are read in a thread. That takes milliseconds, in which the event loop would stand."""


class SoapAdapter(Adapter):
    """A backend with a WSDL, which lies beside the adapter: `wsdl = Path(__file__).with_name("stock.wsdl")`.

    It is called at the address from the settings, never at the one in the WSDL.
    """

    protocol = "SOAP"
    wsdl: ClassVar[Path]
    port: ClassVar[str | None] = None

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if cls.operations() and not isinstance(getattr(cls, "wsdl", None), Path):
            raise Mistake(
                author_location(),
                f"{cls.__name__} has no wsdl",
                why="its operations and types come from it.",
                fix='put the WSDL beside the adapter and write wsdl = Path(__file__).with_name("stock.wsdl").',
            )

    @classmethod
    def load_contract(cls) -> Contract:
        """Return the parsed WSDL. The first call in a process reads the file, which blocks."""
        return contract_of(cls.wsdl, cls.port)

    async def invoke(self, operation: str, into: type[T], *, at: str | None = None, **arguments: Any) -> T:
        """Call `operation` and read its reply as `into`.

        `at` is the dotted path below the reply's element. Without it, wrappers around a single element are stepped
        through. Paths in rows are element names, `@name` for attributes, `#text` for an element's own text.
        """
        contract, client = self.load_contract(), self._client
        try:
            enclosing = contract.request(operation, arguments)
        except InvalidArgument as error:
            raise BackendContract("The request does not fit the backend's contract.", internal=str(error)) from None
        headers = contract.headers(operation)
        call = self._prepare(Call("POST", "", "", headers, enclosing(""), enclosing=enclosing))
        wire = decoder_for(into, self.requested_fields).wire

        async def attempt(seconds: float) -> T:
            reply = await client.send(call, seconds)
            read = partial(self._read_reply, contract, operation, reply, at, wire)
            value: T = read() if len(reply.body) < _THREAD_BYTES else await asyncio.to_thread(read)
            return value

        return await self._guarded(call, attempt)

    def fault(self, fault: SoapFault) -> GraphError:
        """Return the typed error of a SOAP fault.

        Override it to map the backend's own faults, and return `super().fault(fault)` for all others.
        """
        return error_for_fault(fault)

    def _error_for_status(self, reply: Reply) -> GraphError:
        return wrong_address_error(reply) or super()._error_for_status(reply)

    async def probe(self) -> None:
        """Request the WSDL. Raise the typed error if the backend is not available."""
        reply = await self._backend.client.send(self._prepare(Call("GET", "", "wsdl")))
        if not reply.ok:
            raise self._reply_error(reply)

    def _read_reply(self, contract: Contract, operation: str, reply: Reply, at: str | None, wire: WireType) -> Any:
        """Return the result in a reply as `wire`. Raise the error of a fault, of the status, or of unreadable content.

        Faults and HTTP statuses may contradict each other. A fault counts even with status 200, and a status that
        says more than a fault code can (401, 404, 429, ...) counts more than the fault.
        """
        if not reply.media_type.endswith("xml"):
            raise wrong_format_error(reply, "XML") if reply.ok else self._reply_error(reply)
        scanned = contract.scan_reply(operation, reply.body, at, wire) if reply.ok else None
        if scanned is not None:
            return scanned
        try:
            message = parse_message(reply.body)
        except Unreadable as error:
            raise (unreadable_error(error) if reply.ok else self._reply_error(reply)) from None
        try:
            fault = find_fault(message, contract)
            if fault is not None:
                if status_outranks_body(reply):
                    fault = replace(fault, by_status=self._reply_error(reply))
                raise call_error_hook(partial(self.fault, fault), partial(error_for_fault, fault))
            if not reply.ok:
                raise self._reply_error(reply)
            return contract.read_reply(operation, message, at, wire, reply=reply.body)
        except Unreadable as error:
            if status_outranks_body(reply):
                raise add_log_detail(self._reply_error(reply), str(error)) from None
            raise unreadable_error(error) from None
