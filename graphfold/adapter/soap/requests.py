"""Requests: the operation's element in an envelope, beside the credentials' header blocks.

An operation is written by functions made from its types or, where those do not cover it, by zeep: decided once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lxml import etree
from zeep.exceptions import Error as ZeepError

from graphfold.adapter.soap.arguments import for_zeep
from graphfold.adapter.soap.message import ENVELOPES
from graphfold.adapter.soap.texts import Misfit
from graphfold.adapter.soap.writing import Uncovered, operation_writer
from graphfold.errors import InvalidInput

__all__ = ["Request", "RequestWriter", "enveloped", "request_writer"]

Request = tuple[str, str]
"""Header blocks that the WSDL asks for, and the envelope's body."""

RequestWriter = Callable[[Mapping[str, Any]], Request]


def request_writer(operation: Any) -> RequestWriter:
    """Arguments by name to a request. It raises `Misfit` or `InvalidInput`."""
    message = operation.input
    if message.body is None or message._is_body_wrapped or message.header.type._element:
        return _by_zeep(operation)
    try:
        write = operation_writer(message.body)
    except Uncovered:
        return _by_zeep(operation)
    return lambda arguments: ("", f"<soap:Body>{write(arguments)}</soap:Body>")


def enveloped(version: str, blocks: str, body: str) -> bytes:
    """The whole message, in the SOAP version "1.1" or "1.2"."""
    header = f"<soap:Header>{blocks}</soap:Header>" if blocks else ""
    start = f'<?xml version="1.0" encoding="utf-8"?>\n<soap:Envelope xmlns:soap="{ENVELOPES[version]}">'
    return f"{start}{header}{body}</soap:Envelope>".encode()


def _by_zeep(operation: Any) -> RequestWriter:
    def write(arguments: Mapping[str, Any]) -> Request:
        try:
            envelope = operation.create(**for_zeep(arguments)).content
        except (TypeError, AttributeError, ZeepError) as error:
            raise Misfit(str(error)) from None
        except ValueError as error:  # lxml: characters that XML cannot carry
            raise InvalidInput("A text contains characters that cannot be sent.", internal=str(error)) from None
        *header, body = envelope
        return "".join(_text(block) for part in header for block in part), _text(body)

    return write


def _text(element: Any) -> str:
    return etree.tostring(element, encoding="unicode", with_tail=False)
