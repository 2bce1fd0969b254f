"""Write SOAP requests from Python arguments, by the types of the WSDL.

At the first call of an operation, `request_writer` turns its types into nested closures, one for each element and
attribute. Each returns XML text, so a request costs a tenth of what zeep needs, which builds a tree first. For an
operation with a list of SKUs, the closures write the fixed parts of

    <soap:Body><n1:GetStock xmlns:n1="http://depot.example"><n1:Sku>A-1</n1:Sku><n1:Sku>A-2</n1:Sku></n1:GetStock></soap:Body>

as prepared strings, and between them the values as `python_to_xsd` formats them. What zeep accepts and XSD allows is
written as zeep would write it; anything else is an `InvalidArgument`.

Wildcards, choices, repeated groups and encoded arrays raise `UnsupportedByWriter` when the closures are made; then zeep
writes all requests of the operation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from lxml import etree
from zeep.exceptions import Error as ZeepError
from zeep.xsd import ComplexType, Element
from zeep.xsd.elements.indicators import All, Group, Indicator, Sequence
from zeep.xsd.types.simple import AnySimpleType

from graphfold.adapter.soap.envelope import ENVELOPE_NAMESPACES
from graphfold.adapter.soap.python_to_xsd import (
    InvalidArgument,
    escape_text,
    needs_no_escaping,
    quote_attribute,
    value_formatter,
)
from graphfold.adapter.soap.xsd_to_python import python_type
from graphfold.adapter.soap.xsd_types import XsdType
from graphfold.errors import InvalidInput

__all__ = [
    "Request",
    "RequestWriter",
    "UnsupportedByWriter",
    "Write",
    "enveloped",
    "operation_writer",
    "request_writer",
]

Request = tuple[str, str]
"""The header blocks that the WSDL requires, and the body element of the envelope."""

RequestWriter = Callable[[Mapping[str, Any]], Request]
"""Takes the arguments by name."""

Write = Callable[[Any], str]
"""Takes a value of an argument, of any type, and returns it as XML text."""

_TEXT = "_value_1"
"""zeep's name for the text of an element that has attributes too."""

_NIL = ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/>'
_XML = "http://www.w3.org/XML/1998/namespace"


class UnsupportedByWriter(Exception):
    """An operation has a type that the closures here do not cover."""


def request_writer(operation: Any) -> RequestWriter:
    """Return the writer of an operation's requests. It raises `InvalidArgument` or `InvalidInput`."""
    message = operation.input
    if message.body is None or message._is_body_wrapped or message.header.type._element:
        return _zeep_writer(operation)
    try:
        write = operation_writer(message.body)
    except UnsupportedByWriter:
        return _zeep_writer(operation)
    return lambda arguments: ("", f"<soap:Body>{write(arguments)}</soap:Body>")


def operation_writer(element: Any) -> Write:
    """Return a writer of the operation's element from arguments by name. Raise `UnsupportedByWriter`."""
    if not isinstance(element.type, ComplexType):
        raise UnsupportedByWriter
    writers = _Writers()
    tag, content = writers.tag(element.qname), writers.content(element.type)
    start = f"<{tag}{writers.declarations()}"
    return lambda arguments: f"{start}{content(arguments)}</{tag}>"


def enveloped(version: str, blocks: str, body: str) -> bytes:
    """Return the whole message, with the header blocks and the body element, for SOAP "1.1" or "1.2"."""
    header = f"<soap:Header>{blocks}</soap:Header>" if blocks else ""
    start = f'<?xml version="1.0" encoding="utf-8"?>\n<soap:Envelope xmlns:soap="{ENVELOPE_NAMESPACES[version]}">'
    return f"{start}{header}{body}</soap:Envelope>".encode()


class _Writers:
    """Makes the writers of one operation: one for each type, since types may refer to themselves.

    It gives each namespace a prefix, and declares all of them on the operation's element.
    """

    def __init__(self) -> None:
        self._prefixes = {_XML: "xml"}
        self._complex: dict[int, _ComplexContent] = {}

    def tag(self, qname: Any) -> str:
        """Return the name of an element or attribute with its prefix."""
        if qname.namespace is None:
            return str(qname.localname)
        return f"{self._prefixes.setdefault(qname.namespace, f'n{len(self._prefixes)}')}:{qname.localname}"

    def declarations(self) -> str:
        """Return the namespace declarations of all prefixes in use."""
        declared = [(prefix, namespace) for namespace, prefix in self._prefixes.items() if namespace != _XML]
        return "".join([f" xmlns:{prefix}={quote_attribute(namespace)}" for prefix, namespace in declared])

    def content(self, xsd_type: XsdType) -> Write:
        """Return a writer of what follows an element's name in the start tag: attributes, `>`, content."""
        if isinstance(xsd_type, ComplexType):
            if id(xsd_type) not in self._complex:
                # stored before it is filled, for types that contain themselves
                self._complex[id(xsd_type)] = _ComplexContent()
                self._complex[id(xsd_type)].fill(self, xsd_type)
            return self._complex[id(xsd_type)]
        if not isinstance(xsd_type, AnySimpleType):
            raise UnsupportedByWriter
        text = value_formatter(xsd_type)
        return lambda value: f">{escape_text(text(value))}"

    def attribute(self, attribute: Any) -> Write:
        """Return a writer of an attribute with the space before it."""
        if not attribute.name or not isinstance(attribute.type, AnySimpleType):
            raise UnsupportedByWriter
        name, text = str(attribute.name), value_formatter(attribute.type)
        start = f" {self.tag(attribute.qname)}="
        absent = None if attribute.required else ""
        return _locate_errors(name, _write_or(absent, lambda value: f"{start}{quote_attribute(text(value))}"))

    def element(self, element: Any) -> Write:
        """Return a writer of an element, or of all of its occurrences if it may repeat."""
        if type(element) is not Element:
            raise UnsupportedByWriter
        name, tag, content = str(element.name), self.tag(element.qname), self.content(element.type)
        start, end = f"<{tag}", f"</{tag}>"
        nil = f"<{tag}{_NIL}" if element.nillable else None
        absent = "" if element.is_optional else nil
        if element.accepts_multiple:
            write_one = _write_or(nil, lambda value: f"{start}{content(value)}{end}")
            is_text = python_type(element.type) is str
            write_all = _write_texts(f"{start}>", end, write_one) if is_text else _write_each(write_one)
            return _locate_errors(name, _write_or(absent, _write_repeated(element, write_all)))
        return _locate_errors(name, _write_or(absent, lambda value: f"{start}{content(value)}{end}"))


class _ComplexContent:
    """Writes the content of a complex type: a writer and a default for each attribute and each child element."""

    def __init__(self) -> None:
        self.attributes: dict[str, tuple[Write, Any]] = {}
        self.children: dict[str, tuple[Write, Any]] = {}
        self.has_text = False

    def fill(self, writers: _Writers, xsd_type: XsdType) -> None:
        """Make the writers of the type's parts."""
        if xsd_type._array_type:
            raise UnsupportedByWriter
        for name, attribute in xsd_type.attributes:
            self.attributes[name] = writers.attribute(attribute), attribute.default
        for name, particle in xsd_type.elements_nested:
            if isinstance(particle, Element):
                self.children[name], self.has_text = (_text_writer(particle.type), None), True
                continue
            for child, element in _sequence_elements(particle):
                if child in self.children:
                    raise UnsupportedByWriter
                self.children[child] = writers.element(element), element.default_value

    def __call__(self, value: Any) -> str:
        parts = {_TEXT: value} if self.has_text and not isinstance(value, Mapping) else _parts_of(value)
        for name in parts:
            if name not in self.children and name not in self.attributes:
                raise InvalidArgument(f"{name} is unknown")
        attributes = "".join([write(parts.get(name, default)) for name, (write, default) in self.attributes.items()])
        children = "".join([write(parts.get(name, default)) for name, (write, default) in self.children.items()])
        return f"{attributes}>{children}"


def _parts_of(value: Any) -> Mapping[str, Any]:
    """Return the values for a complex type, a dict or dataclass, by element and attribute name."""
    if isinstance(value, Mapping):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    raise InvalidArgument(f"{type(value).__name__} given, a dict or dataclass wanted")


def _sequence_elements(particle: Any) -> Iterator[tuple[str, Any]]:
    """Yield the elements of a sequence, with those of groups in it that are there exactly once."""
    if type(particle) not in (All, Group, Sequence) or particle.accepts_multiple or particle.is_optional:
        raise UnsupportedByWriter
    indicator = particle.child if isinstance(particle, Group) else particle
    for name, inner in indicator.elements_nested:
        if isinstance(inner, Indicator):
            yield from _sequence_elements(inner)
        else:
            yield name, inner


def _text_writer(xsd_type: XsdType) -> Write:
    """Return a writer of the text of an element that has attributes too."""
    if not isinstance(xsd_type, AnySimpleType):
        raise UnsupportedByWriter
    text = value_formatter(xsd_type)
    return _write_or("" if python_type(xsd_type) is str else None, lambda value: escape_text(text(value)))


def _write_repeated(element: Any, write_all: Callable[[list[Any]], str]) -> Write:
    """Return a writer of an element that may repeat, which checks the number of values. It takes a single value too."""
    least, most = element.min_occurs, element.max_occurs

    def write(value: Any) -> str:
        if not isinstance(value, Iterable) or isinstance(value, str | bytes | Mapping):
            return write_all([value])
        values = list(value)
        if len(values) < least or (most != "unbounded" and len(values) > most):
            raise InvalidArgument(f"{len(values)} given, {least} to {most} wanted")
        return write_all(values)

    return write


def _write_each(write: Write) -> Callable[[list[Any]], str]:
    return lambda values: "".join([write(value) for value in values])


def _write_texts(start: str, end: str, write: Write) -> Callable[[list[Any]], str]:
    """Return a writer of repeated texts, mostly keys of a batch: one check shows that none of them needs escaping."""

    def write_texts(values: list[Any]) -> str:
        if set(map(type, values)) == {str} and needs_no_escaping("".join(values)):
            return f"{start}{(end + start).join(values)}{end}"
        return "".join([write(value) for value in values])

    return write_texts


def _write_or(absent: str | None, write: Write) -> Write:
    """Return a writer that writes `absent` for None; if that is None itself, the type requires a value."""

    def write_or(value: Any) -> str:
        if value is not None:
            return write(value)
        if absent is None:
            raise InvalidArgument("nothing given")
        return absent

    return write_or


def _locate_errors(name: str, write: Write) -> Write:
    """Return a writer that puts the name of its element or attribute in front of an `InvalidArgument`."""

    def write_named(value: Any) -> str:
        try:
            return write(value)
        except InvalidArgument as error:
            raise InvalidArgument(f"{name}: {error}") from None

    return write_named


def _zeep_writer(operation: Any) -> RequestWriter:
    def write(arguments: Mapping[str, Any]) -> Request:
        try:
            envelope = operation.create(**_for_zeep(arguments)).content
        except (TypeError, AttributeError, ZeepError) as error:
            raise InvalidArgument(str(error)) from None
        except ValueError as error:  # from lxml, for characters that XML cannot carry
            raise InvalidInput("A text contains characters that cannot be sent.", internal=str(error)) from None
        *header, body = envelope
        return "".join(_serialized(block) for part in header for block in part), _serialized(body)

    return write


def _for_zeep(value: Any) -> Any:
    """Return the value in dicts and lists, the only containers that zeep takes."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping) or (is_dataclass(value) and not isinstance(value, type)):
        return {name: _for_zeep(part) for name, part in _parts_of(value).items()}
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return [_for_zeep(item) for item in value]
    return value


def _serialized(element: Any) -> str:
    return etree.tostring(element, encoding="unicode", with_tail=False)
