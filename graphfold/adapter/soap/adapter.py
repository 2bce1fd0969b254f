"""SOAP backends: an operation of the WSDL in, rows out."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, TypeVar

from lxml import etree
from zeep.exceptions import Error as ZeepError

from graphfold.adapter.base import Adapter
from graphfold.adapter.problems import by_status, not_the_format
from graphfold.adapter.soap.contract import Contract
from graphfold.adapter.soap.faults import SoapFault, by_code, fault_in, message_in
from graphfold.adapter.soap.reading import parse
from graphfold.errors import BackendBadReply, BackendContract, GraphError
from graphfold.mistakes import Mistake, here
from graphfold.rows.decoder import Unreadable, decoder
from graphfold.transport.call import Call, Reply

__all__ = ["SoapAdapter"]

T = TypeVar("T")


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
                here(),
                f"{cls.__name__} has no wsdl",
                why="its operations and types come from it.",
                fix='put the WSDL beside the adapter and write wsdl = Path(__file__).with_name("stock.wsdl").',
            )

    async def invoke(self, operation: str, into: type[T], *, at: str | None = None, **arguments: Any) -> T:
        """Call `operation` and read its answer as `into`.

        `at` is the dotted path below the answer's element; without it, wrappers around a single element are stepped
        through. Paths in rows are element names, `@name` for attributes, `#text` for an element's own text.
        """
        contract = self._backend.contract
        client = self._backend.client
        try:
            envelope = contract.request(operation, arguments)
        except (TypeError, ZeepError) as error:
            raise BackendContract("The request does not fit the backend's contract.", internal=str(error)) from None
        client.secure(envelope)
        body = etree.tostring(envelope, xml_declaration=True, encoding="utf-8")
        call = Call("POST", "", "", contract.headers(operation), body, safe=self._repeatable)
        reply = await client.send(call)
        return self._read(contract, operation, reply, into, at)

    def fault(self, fault: SoapFault) -> GraphError:
        """The typed error of a SOAP fault. Override to map the backend's own; `super().fault(fault)` for the rest."""
        return by_code(fault)

    async def probe(self) -> None:
        """Ask for the WSDL; raises the typed error when the backend is not well."""
        reply = await self._backend.client.send(Call("GET", "", "wsdl"))
        if not reply.ok:
            raise by_status(reply)

    def _read(self, contract: Contract, operation: str, reply: Reply, into: type[T], at: str | None) -> T:
        if not reply.media_type.endswith("xml"):
            raise not_the_format(reply, "XML") if reply.ok else self.problem(reply)
        try:
            message = message_in(parse(reply.body))
            fault = fault_in(message, contract)
            if fault is not None:
                raise self.problem(reply) if reply.status == 401 else self.fault(fault)
            if not reply.ok:
                raise self.problem(reply)
            plain = contract.answer(operation, message, at)
            value: T = decoder(into, self.asked).plain(plain)
        except Unreadable as error:
            raise BackendBadReply("The backend answered something that cannot be used.", internal=str(error)) from None
        return value
