"""Operation elements written from arguments by functions made from a WSDL's types, at a tenth of zeep's cost.

What zeep accepts and XSD allows comes out as zeep would write it; what the types do not allow is a `Misfit`. Complex
types take dicts by element and attribute name, or dataclasses; `_value_1` is the text of an element with attributes.
What is beyond these functions (wildcards, choices, groups that may repeat) is `Uncovered`, for the whole operation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from zeep.xsd import ComplexType, Element
from zeep.xsd.elements.indicators import All, Group, Indicator, Sequence
from zeep.xsd.types.simple import AnySimpleType

from graphfold.adapter.soap.arguments import TEXT, fields_in
from graphfold.adapter.soap.texts import Misfit, escaped, is_plain, quoted, text_writer
from graphfold.adapter.soap.values import kind_of

__all__ = ["Uncovered", "Write", "operation_writer"]

Write = Callable[[Any], str]

_NIL = ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/>'
_XML = "http://www.w3.org/XML/1998/namespace"


class Uncovered(Exception):
    """The types of an operation are beyond these functions."""


def operation_writer(element: Any) -> Write:
    """Arguments by name to the operation's element; raises `Uncovered`."""
    if not isinstance(element.type, ComplexType):
        raise Uncovered
    writers = _Writers()
    tag, content = writers.tag(element.qname), writers.content(element.type)
    start = f"<{tag}{writers.declarations()}"
    return lambda arguments: f"{start}{content(arguments)}</{tag}>"


class _Writers:
    """Makes each type's writer once, for types may refer to themselves, and a prefix for each namespace.

    A "content" is the rest of a start tag and what follows, up to the end tag.
    """

    def __init__(self) -> None:
        self._prefixes = {_XML: "xml"}
        self._made: dict[int, _Complex] = {}

    def tag(self, qname: Any) -> str:
        if qname.namespace is None:
            return str(qname.localname)
        return f"{self._prefixes.setdefault(qname.namespace, f'n{len(self._prefixes)}')}:{qname.localname}"

    def declarations(self) -> str:
        named = [(prefix, namespace) for namespace, prefix in self._prefixes.items() if namespace != _XML]
        return "".join([f" xmlns:{prefix}={quoted(namespace)}" for prefix, namespace in named])

    def content(self, xsd_type: Any) -> Write:
        if isinstance(xsd_type, ComplexType):
            if id(xsd_type) not in self._made:
                self._made[id(xsd_type)] = _Complex()
                self._made[id(xsd_type)].fill(self, xsd_type)
            return self._made[id(xsd_type)]
        if not isinstance(xsd_type, AnySimpleType):
            raise Uncovered
        text = text_writer(xsd_type)
        return lambda value: f">{escaped(text(value))}"

    def attribute(self, attribute: Any) -> Write:
        if not attribute.name or not isinstance(attribute.type, AnySimpleType):
            raise Uncovered
        name, text = str(attribute.name), text_writer(attribute.type)
        start = f" {self.tag(attribute.qname)}="
        nothing = None if attribute.required else ""
        return _named(name, _or(nothing, lambda value: f"{start}{quoted(text(value))}"))

    def element(self, element: Any) -> Write:
        if type(element) is not Element:
            raise Uncovered
        name, tag, content = str(element.name), self.tag(element.qname), self.content(element.type)
        start, end = f"<{tag}", f"</{tag}>"
        nil = f"<{tag}{_NIL}" if element.nillable else None
        nothing = "" if element.is_optional else nil
        if element.accepts_multiple:
            each = _or(nil, lambda value: f"{start}{content(value)}{end}")
            each_of = _texts(f"{start}>", end, each) if kind_of(element.type) is str else _each(each)
            return _named(name, _or(nothing, _repeated(element, each_of)))
        return _named(name, _or(nothing, lambda value: f"{start}{content(value)}{end}"))


class _Complex:
    """The content writer of a complex type: its parts with their defaults, by name."""

    def __init__(self) -> None:
        self.attributes: dict[str, tuple[Write, Any]] = {}
        self.inner: dict[str, tuple[Write, Any]] = {}
        self.is_text = False

    def fill(self, writers: _Writers, xsd_type: Any) -> None:
        if xsd_type._array_type:
            raise Uncovered
        for name, attribute in xsd_type.attributes:
            self.attributes[name] = writers.attribute(attribute), attribute.default
        for name, particle in xsd_type.elements_nested:
            if isinstance(particle, Element):
                self.inner[name], self.is_text = (_text(particle.type), None), True
            else:
                self._fill_inner(writers, particle)

    def __call__(self, value: Any) -> str:
        given = {TEXT: value} if self.is_text and not isinstance(value, Mapping) else fields_in(value)
        for name in given:
            if name not in self.inner and name not in self.attributes:
                raise Misfit(f"{name} is unknown")
        start = "".join([write(given.get(name, default)) for name, (write, default) in self.attributes.items()])
        inner = "".join([write(given.get(name, default)) for name, (write, default) in self.inner.items()])
        return f"{start}>{inner}"

    def _fill_inner(self, writers: _Writers, particle: Any) -> None:
        for name, element in _elements(particle):
            if name in self.inner:
                raise Uncovered
            self.inner[name] = writers.element(element), element.default_value


def _elements(particle: Any) -> Iterator[tuple[str, Any]]:
    """The elements that make up a sequence; its groups are fine as long as each is there once."""
    if type(particle) not in (All, Group, Sequence) or particle.accepts_multiple or particle.is_optional:
        raise Uncovered
    indicator = particle.child if isinstance(particle, Group) else particle
    for name, inner in indicator.elements_nested:
        if isinstance(inner, Indicator):
            yield from _elements(inner)
        else:
            yield name, inner


def _text(xsd_type: Any) -> Write:
    """The text of an element that has attributes too."""
    if not isinstance(xsd_type, AnySimpleType):
        raise Uncovered
    text = text_writer(xsd_type)
    return _or("" if kind_of(xsd_type) is str else None, lambda value: escaped(text(value)))


def _repeated(element: Any, write_all: Callable[[list[Any]], str]) -> Write:
    least, most = element.min_occurs, element.max_occurs

    def write(value: Any) -> str:
        if not isinstance(value, Iterable) or isinstance(value, str | bytes | Mapping):
            return write_all([value])
        given = list(value)
        if len(given) < least or (most != "unbounded" and len(given) > most):
            raise Misfit(f"{len(given)} given, {least} to {most} wanted")
        return write_all(given)

    return write


def _each(write: Write) -> Callable[[list[Any]], str]:
    return lambda values: "".join([write(value) for value in values])


def _texts(start: str, end: str, write: Write) -> Callable[[list[Any]], str]:
    """Keys, mostly: texts in which nothing has to be escaped are told by one look at all of them."""

    def write_texts(values: list[Any]) -> str:
        if set(map(type, values)) == {str} and is_plain("".join(values)):
            return f"{start}{(end + start).join(values)}{end}"
        return "".join([write(value) for value in values])

    return write_texts


def _or(nothing: str | None, write: Write) -> Write:
    """Writes `nothing` for None, where the type has something for it."""

    def write_or(value: Any) -> str:
        if value is not None:
            return write(value)
        if nothing is None:
            raise Misfit("nothing given")
        return nothing

    return write_or


def _named(name: str, write: Write) -> Write:
    """Says where a misfit is."""

    def write_named(value: Any) -> str:
        try:
            return write(value)
        except Misfit as error:
            raise Misfit(f"{name}: {error}") from None

    return write_named
