"""SOAP backends: an operation of the WSDL in, rows out."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from graphfold.adapter.base import Adapter
from graphfold.adapter.judging import judged, noted
from graphfold.adapter.problems import not_at_its_address, not_the_format, says_more, unusable
from graphfold.adapter.soap.contract import Contract
from graphfold.adapter.soap.faults import SoapFault, by_code, fault_in
from graphfold.adapter.soap.message import Element
from graphfold.adapter.soap.references import message_of
from graphfold.adapter.soap.texts import Misfit
from graphfold.errors import BackendContract, GraphError
from graphfold.mistakes import Mistake, author_location
from graphfold.rows.decoder import Unreadable, decoder_for
from graphfold.transport.call import Call, Reply

__all__ = ["SoapAdapter"]

T = TypeVar("T")

_LARGE = 200_000
"""Bytes of a reply from which on it is read in a thread: what takes longer than some milliseconds holds up others."""


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

    async def invoke(self, operation: str, into: type[T], *, at: str | None = None, **arguments: Any) -> T:
        """Call `operation` and read its answer as `into`.

        `at` is the dotted path below the answer's element; without it, wrappers around a single element are stepped
        through. Paths in rows are element names, `@name` for attributes, `#text` for an element's own text.
        """
        contract, client = self._backend.contract, self._client
        try:
            enclosing = contract.request(operation, arguments)
        except Misfit as error:
            raise BackendContract("The request does not fit the backend's contract.", internal=str(error)) from None
        headers = contract.headers(operation)
        call = self._on_behalf(Call("POST", "", "", headers, enclosing(""), enclosing=enclosing))
        wire = decoder_for(into, self.requested_fields).wire

        async def attempt(seconds: float) -> T:
            reply = await client.send(call, seconds)
            read = partial(self._read, contract, operation, reply, at, wire)
            value: T = read() if len(reply.body) < _LARGE else await asyncio.to_thread(read)
            return value

        return await self._guarded(call, attempt)

    def fault(self, fault: SoapFault) -> GraphError:
        """The typed error of a SOAP fault. Override to map the backend's own; `super().fault(fault)` for the rest."""
        return by_code(fault)

    def _by_status(self, reply: Reply) -> GraphError:
        return not_at_its_address(reply) or super()._by_status(reply)

    async def probe(self) -> None:
        """Ask for the WSDL; raises the typed error when the backend is not well."""
        reply = await self._backend.client.send(self._on_behalf(Call("GET", "", "wsdl")))
        if not reply.ok:
            raise self._refusal(reply)

    def _read(self, contract: Contract, operation: str, reply: Reply, at: str | None, wire: Any) -> Any:
        if not reply.media_type.endswith("xml"):
            raise not_the_format(reply, "XML") if reply.ok else self._refusal(reply)
        known = contract.scanned(operation, reply.body, at, wire) if reply.ok else None
        if known is not None:
            return known
        message = self._message(reply)
        try:
            fault = fault_in(message, contract)
            if fault is not None:
                raise self._typed(reply, fault)
            if not reply.ok:
                raise self._refusal(reply)
            return contract.answer(operation, message, at, wire, reply=reply.body)
        except Unreadable as error:
            raise (noted(self._refusal(reply), str(error)) if says_more(reply) else unusable(error)) from None

    def _typed(self, reply: Reply, fault: SoapFault) -> GraphError:
        """What `fault` makes of it; it is told what the status says, where that says more."""
        if says_more(reply):
            fault = replace(fault, by_status=self._refusal(reply))
        return judged(partial(self.fault, fault), partial(by_code, fault))

    def _message(self, reply: Reply) -> Element:
        try:
            return message_of(reply.body)
        except Unreadable as error:
            raise (unusable(error) if reply.ok else self._refusal(reply)) from None
