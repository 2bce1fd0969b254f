"""Find SOAP faults of both versions in replies, and map them to typed errors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from graphfold.adapter.error_hooks import add_log_detail
from graphfold.adapter.soap.contract import Contract
from graphfold.adapter.soap.envelope import ENVELOPE_NAMESPACES, Element, local_name
from graphfold.errors import BackendContract, BackendCredentials, BackendRejected, BackendUnavailable, GraphError

__all__ = ["SoapFault", "error_for_fault", "find_fault"]

_NAMESPACES = [f"{{{namespace}}}" for namespace in ENVELOPE_NAMESPACES.values()]

_CREDENTIAL_CODES = {
    "FailedAuthentication",
    "FailedCheck",
    "InvalidSecurity",
    "InvalidSecurityToken",
    "SecurityTokenUnavailable",
    "UnsupportedSecurityToken",
}
"""The fault codes of WS-Security 1.1 (section 12) for credentials that are refused."""


@dataclass(frozen=True, slots=True)
class SoapFault:
    """A fault in a reply. `codes` are local names, the most specific last: `["Sender", "UnknownCustomer"]`.

    `reason` is for the log. `detail` holds each element of the fault's detail that the WSDL declares, by local name, as
    plain data. `by_status` is the error for the HTTP status, if the status says more than a fault code.
    """

    codes: list[str]
    reason: str
    detail: dict[str, Any] = field(default_factory=dict)
    by_status: GraphError | None = None


def find_fault(message: Element, contract: Contract) -> SoapFault | None:
    """Return the fault that the body's element is, whatever the HTTP status was; None if it is none.

    The fault's own form decides how it is read, not the envelope's version: some servers put a fault of SOAP 1.2 into
    an envelope of 1.1.
    """
    namespace = next((namespace for namespace in _NAMESPACES if message.tag == f"{namespace}Fault"), None)
    if namespace is None:
        return None
    codes = [_local_code(value.text) for value in message.iterfind(f"{namespace}Code//{namespace}Value")]
    if codes:
        reason = message.findtext(f"{namespace}Reason/{namespace}Text") or ""
        return SoapFault(codes, reason.strip(), _read_detail(message.find(f"{namespace}Detail"), contract))
    return SoapFault(
        [_local_code(message.findtext("faultcode"))],
        (message.findtext("faultstring") or "").strip(),
        _read_detail(message.find("detail"), contract),
    )


def error_for_fault(fault: SoapFault) -> GraphError:
    """Return the typed error of a fault that the adapter does not map itself."""
    internal = f"fault {'/'.join(fault.codes)}: {fault.reason}"
    if fault.by_status is not None:
        return add_log_detail(fault.by_status, internal)
    if _CREDENTIAL_CODES & set(fault.codes):
        return BackendCredentials("The backend refuses our credentials.", internal=internal)
    kind = fault.codes[0].partition(".")[0] if fault.codes else ""  # SOAP 1.1 has codes such as Client.Authentication
    if kind in ("Client", "Sender"):
        return BackendRejected("The backend refused the request.", internal=internal)
    if kind in ("VersionMismatch", "MustUnderstand", "DataEncodingUnknown"):
        return BackendContract("The backend does not understand the request.", internal=internal)
    return BackendUnavailable("The backend failed.", internal=internal)


def _read_detail(element: Element | None, contract: Contract) -> dict[str, Any]:
    if element is None:
        return {}
    values = {local_name(child.tag): contract.read_fault_detail(child) for child in element}
    return {name: value for name, value in values.items() if value is not None}


def _local_code(name: str | None) -> str:
    """Return a fault code without its namespace, which is written as `soap:Client` or, wrongly, `{uri}Client`."""
    text = (name or "").strip()
    return text.rpartition("}")[2] if text.startswith("{") else text.rpartition(":")[2]
