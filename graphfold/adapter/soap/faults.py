"""SOAP faults of both versions, with their detail read by the WSDL's types."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from graphfold.adapter.judging import noted
from graphfold.adapter.soap.contract import Contract
from graphfold.adapter.soap.message import ENVELOPES, Element, local
from graphfold.errors import BackendContract, BackendCredentials, BackendRejected, BackendUnavailable, GraphError

__all__ = ["SoapFault", "by_code", "fault_in"]

_SPACES = [f"{{{namespace}}}" for namespace in ENVELOPES.values()]

_CREDENTIALS = {
    "FailedAuthentication",
    "FailedCheck",
    "InvalidSecurity",
    "InvalidSecurityToken",
    "SecurityTokenUnavailable",
    "UnsupportedSecurityToken",
}


@dataclass(frozen=True, slots=True)
class SoapFault:
    """`codes` are local names, the most specific last (`["Sender", "UnknownCustomer"]`); `reason` is for the log.

    `detail` holds each known element of the fault's detail by local name, as plain data; `by_status` is what the HTTP
    status says, where it says more than a code.
    """

    codes: list[str]
    reason: str
    detail: dict[str, Any] = field(default_factory=dict)
    by_status: GraphError | None = None


def fault_in(message: Element, contract: Contract) -> SoapFault | None:
    """The fault, if the message is one: whatever the HTTP status was.

    Its parts are believed more than its envelope: some servers put a fault of version 1.2 into an envelope of 1.1.
    """
    space = next((space for space in _SPACES if message.tag == f"{space}Fault"), None)
    if space is None:
        return None
    codes = [_code(value.text) for value in message.iterfind(f"{space}Code//{space}Value")]
    if codes:
        reason = message.findtext(f"{space}Reason/{space}Text") or ""
        return SoapFault(codes, reason.strip(), _detail(message.find(f"{space}Detail"), contract))
    return SoapFault(
        [_code(message.findtext("faultcode"))],
        (message.findtext("faultstring") or "").strip(),
        _detail(message.find("detail"), contract),
    )


def by_code(fault: SoapFault) -> GraphError:
    """The typed error of a fault that the adapter does not map itself."""
    internal = f"fault {'/'.join(fault.codes)}: {fault.reason}"
    if fault.by_status is not None:
        return noted(fault.by_status, internal)
    if _CREDENTIALS & set(fault.codes):
        return BackendCredentials("The backend refuses our credentials.", internal=internal)
    kind = fault.codes[0].partition(".")[0] if fault.codes else ""
    if kind in ("Client", "Sender"):
        return BackendRejected("The backend refused the request.", internal=internal)
    if kind in ("VersionMismatch", "MustUnderstand", "DataEncodingUnknown"):
        return BackendContract("The backend does not understand the request.", internal=internal)
    return BackendUnavailable("The backend failed.", internal=internal)


def _detail(element: Element, contract: Contract) -> dict[str, Any]:
    if element is None:
        return {}
    found = {local(child.tag): contract.detail(child) for child in element}
    return {name: value for name, value in found.items() if value is not None}


def _code(name: str | None) -> str:
    text = (name or "").strip()
    return text.rpartition("}")[2] if text.startswith("{") else text.rpartition(":")[2]
