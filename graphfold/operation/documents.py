"""Documents: what clients send, parsed and validated once per text, with our limits and rules.

One `Documents` per schema keeps what it has checked in a bounded cache, so that a query that is asked again costs
neither parsing nor validation. Outside development introspection is refused and no message suggests a name.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from cachetools import LRUCache
from graphql import (
    ASTValidationRule,
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    ValidationRule,
    parse,
    specified_rules,
    validate,
)
from graphql.validation.validate import ValidationAbortedError
from strawberry.extensions import SchemaExtension
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from graphfold.errors import GraphError, InvalidInput
from graphfold.operation.limits import exceeded, limit_rule
from graphfold.settings import Settings

__all__ = ["Documents"]

MOST_ERRORS = 10
CACHED_TEXT = 250_000
"""Characters of query text whose documents are kept; a parsed document takes 100 to 400 bytes for each."""


class NoIntrospection(ValidationRule):
    """Refuses `__schema` and `__type`; `__typename` stays."""

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        if node.name.value in ("__schema", "__type"):
            error = InvalidInput("Introspection is switched off here; ask for the schema file instead.")
            self.report_error(GraphQLError(error.message, node, original_error=error))


@dataclass(slots=True)
class Checked:
    """A parsed document; `errors` is None until it has been validated."""

    document: DocumentNode
    errors: list[GraphQLError] | None = None


class Documents:
    """Parses and validates for one schema. Set `development` before the first request."""

    def __init__(self, settings: Settings, *, development: bool = False) -> None:
        self.development = development
        self._settings = settings
        self._limits = [limit_rule(settings)]
        self._rules = [*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule]
        self._checked: LRUCache[tuple[bool, str], Checked] = LRUCache(CACHED_TEXT, _size)

    def extension(self) -> SchemaExtension:
        """A new extension for one operation: what `strawberry.Schema(extensions=[documents.extension])` takes."""
        return _DocumentsExtension(self)

    def parse(self, text: str) -> Checked:
        """The parsed document. Raises a `GraphQLError` that says what is wrong with the text."""
        checked = self._checked.get((self.development, text))
        if checked is None:
            checked = Checked(self._parse(text))
            if len(text) <= CACHED_TEXT // 10:
                self._checked[self.development, text] = checked
        return checked

    def validate(self, schema: GraphQLSchema, checked: Checked) -> list[GraphQLError]:
        """What is wrong with the document, at most ten errors; the limits come first, since they are cheap to check."""
        if checked.errors is None:
            checked.errors = self._validate(schema, checked.document, self._limits) or self._validate(
                schema, checked.document, self._rules if self.development else [NoIntrospection, *self._rules]
            )
        return checked.errors

    def admit(self, checked: Checked, name: str | None, allowed: Container[str]) -> None:
        """Raises a `GraphQLError` where it is open which operation is to run, or where its kind is not `allowed`."""
        # Strawberry runs the first of several operations when none is named; the specification refuses to guess.
        kind = _operation(checked.document, name).operation.value
        if kind not in allowed:
            raise _located(InvalidInput(f"A {kind} is not allowed here."))

    def operation(self, text: str, name: str | None) -> OperationDefinitionNode | None:
        """The operation that would run. None where the document has no such one, or where it does not parse."""
        try:
            return _operation(self.parse(text).document, name)
        except GraphQLError:
            return None

    def _parse(self, text: str) -> DocumentNode:
        try:
            return parse(text, max_tokens=self._settings.max_tokens)
        except GraphQLSyntaxError as error:
            raise _syntax_error(error, self._settings) from None

    def _validate(
        self, schema: GraphQLSchema, document: DocumentNode, rules: Sequence[type[ASTValidationRule]]
    ) -> list[GraphQLError]:
        errors = validate(schema, document, rules, max_errors=MOST_ERRORS, hide_suggestions=not self.development)
        if errors and isinstance(errors[-1], ValidationAbortedError):
            errors = errors[:-1] or [_too_deep("checked", self._settings)]
        return errors


def _size(checked: Checked) -> int:
    return len(checked.document.loc.source.body) + 100 if checked.document.loc else CACHED_TEXT


def _located(error: GraphError, cause: GraphQLError | None = None) -> GraphQLError:
    if cause is None:
        return GraphQLError(error.message, original_error=error)
    return GraphQLError(error.message, source=cause.source, positions=cause.positions, original_error=error)


def _syntax_error(error: GraphQLSyntaxError, settings: Settings) -> GraphQLError:
    if "tokens" in error.message and "aborted" in error.message:
        return _located(exceeded("The query has too many tokens", settings.max_tokens, "max_tokens"))
    if "nested too deeply" in error.message:
        return _too_deep("read", settings)
    return _located(InvalidInput(error.message), error)


def _too_deep(to_be: str, settings: Settings) -> GraphQLError:
    """Parser and validation end here even where what nests, fragments and lists, is no level of fields."""
    return _located(exceeded(f"The query is nested too deeply to be {to_be}", settings.max_depth, "max_depth"))


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """The operation to run. Raises a `GraphQLError` where that is open."""
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if name:
        operations = [node for node in operations if node.name and node.name.value == name]
    if len(operations) == 1 or (name and operations):
        return operations[0]
    if name:
        told = f"There is no operation named {name[:100]!r} in the document."
    else:
        told = "Say which operation to run: operationName." if operations else "The document has no operation."
    raise _located(InvalidInput(told))


class _DocumentsExtension(SchemaExtension):
    """Hands Strawberry documents that are parsed and validated already."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._checked: Checked | None = None

    def on_parse(self) -> Iterator[None]:
        context = self.execution_context
        self._checked = self._documents.parse(context.query or "")
        allowed = {operation.value for operation in context.allowed_operations}
        self._documents.admit(self._checked, context._provided_operation_name, allowed)
        context.graphql_document = self._checked.document
        yield

    def on_validate(self) -> Iterator[None]:
        assert self._checked is not None
        context = self.execution_context
        context.pre_execution_errors = self._documents.validate(context.schema._schema, self._checked)
        yield
