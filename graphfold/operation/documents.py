"""Parse and validate documents, once per text, with our limits beside GraphQL's own rules.

One `Documents` per schema keeps its results in a bounded cache, so a repeated query costs neither parsing nor
validation. Outside development, introspection is refused and no message suggests names of the schema.
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
from graphfold.operation.limits import limit_exceeded, limit_rule
from graphfold.settings import Settings

__all__ = ["Documents"]

MOST_ERRORS = 10
CACHED_TEXT = 250_000
"""Total characters of the cached documents' texts. A parsed document takes 100 to 400 bytes a character."""


class NoIntrospection(ValidationRule):
    """Rule that refuses `__schema` and `__type` but allows `__typename`."""

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        if node.name.value in ("__schema", "__type"):
            error = InvalidInput("Introspection is switched off here; ask for the schema file instead.")
            self.report_error(GraphQLError(error.message, node, original_error=error))


@dataclass(slots=True)
class ParsedDocument:
    """A document's syntax tree, with its validation errors; `errors` is None until it has been validated."""

    document: DocumentNode
    errors: list[GraphQLError] | None = None


class Documents:
    """The documents of one schema. Set `development` before the first request."""

    def __init__(self, settings: Settings, *, development: bool = False) -> None:
        self.development = development
        self._settings = settings
        self._limits = [limit_rule(settings)]
        self._rules = [*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule]
        self._cache: LRUCache[tuple[bool, str], ParsedDocument] = LRUCache(CACHED_TEXT, _size)

    def extension(self) -> SchemaExtension:
        """Make the extension for one operation; `strawberry.Schema(extensions=[documents.extension])` calls this."""
        return _DocumentsExtension(self)

    def parse(self, text: str) -> ParsedDocument:
        """Return the parsed document, from the cache where possible. Raise `GraphQLError` for a syntax error."""
        parsed = self._cache.get((self.development, text))
        if parsed is None:
            try:
                parsed = ParsedDocument(parse(text, max_tokens=self._settings.max_tokens))
            except GraphQLSyntaxError as error:
                raise _syntax_error(error, self._settings) from None
            if len(text) <= CACHED_TEXT // 10:
                self._cache[self.development, text] = parsed
        return parsed

    def validate(self, schema: GraphQLSchema, parsed: ParsedDocument) -> list[GraphQLError]:
        """Return the validation errors, at most ten. Limits are checked first, because they are cheap."""
        if parsed.errors is None:
            parsed.errors = self._validate(schema, parsed.document, self._limits) or self._validate(
                schema, parsed.document, self._rules if self.development else [NoIntrospection, *self._rules]
            )
        return parsed.errors

    def admit(self, parsed: ParsedDocument, name: str | None, allowed: Container[str]) -> None:
        """Raise `GraphQLError` if the operation to run is ambiguous or missing, or its kind is not `allowed`."""
        # Strawberry runs the first of several operations when none is named; the specification refuses to guess.
        kind = _operation(parsed.document, name).operation.value
        if kind not in allowed:
            raise _located(InvalidInput(f"A {kind} is not allowed here."))

    def operation(self, text: str, name: str | None) -> OperationDefinitionNode | None:
        """Return the operation that would run; None if the document has no such operation or does not parse."""
        try:
            return _operation(self.parse(text).document, name)
        except GraphQLError:
            return None

    def _validate(
        self, schema: GraphQLSchema, document: DocumentNode, rules: Sequence[type[ASTValidationRule]]
    ) -> list[GraphQLError]:
        errors = validate(schema, document, rules, max_errors=MOST_ERRORS, hide_suggestions=not self.development)
        if errors and isinstance(errors[-1], ValidationAbortedError):
            errors = errors[:-1] or [_too_deep("checked", self._settings)]
        return errors


def _size(parsed: ParsedDocument) -> int:
    return len(parsed.document.loc.source.body) + 100 if parsed.document.loc else CACHED_TEXT


def _located(error: GraphError, cause: GraphQLError | None = None) -> GraphQLError:
    if cause is None:
        return GraphQLError(error.message, original_error=error)
    return GraphQLError(error.message, source=cause.source, positions=cause.positions, original_error=error)


def _syntax_error(error: GraphQLSyntaxError, settings: Settings) -> GraphQLError:
    if "tokens" in error.message and "aborted" in error.message:
        return _located(limit_exceeded("The query has too many tokens", settings.max_tokens, "max_tokens"))
    if "nested too deeply" in error.message:
        return _too_deep("read", settings)
    return _located(InvalidInput(error.message), error)


def _too_deep(stage: str, settings: Settings) -> GraphQLError:
    """Return the refusal for nesting that the parser or validator cannot follow, of lists and fragments too."""
    return _located(limit_exceeded(f"The query is nested too deeply to be {stage}", settings.max_depth, "max_depth"))


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """Return the operation to run. Raise `GraphQLError` if it is ambiguous or missing."""
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if name:
        operations = [node for node in operations if node.name and node.name.value == name]
    if len(operations) == 1 or (name and operations):
        return operations[0]
    if name:
        message = f"There is no operation named {name[:100]!r} in the document."
    else:
        message = "Say which operation to run: operationName." if operations else "The document has no operation."
    raise _located(InvalidInput(message))


class _DocumentsExtension(SchemaExtension):
    """Strawberry extension that supplies documents from the cache instead of parsing and validating again."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._parsed: ParsedDocument | None = None

    def on_parse(self) -> Iterator[None]:
        context = self.execution_context
        parsed = self._parsed = self._documents.parse(context.query or "")
        allowed = {operation.value for operation in context.allowed_operations}
        self._documents.admit(parsed, context._provided_operation_name, allowed)
        context.graphql_document = parsed.document
        yield

    def on_validate(self) -> Iterator[None]:
        assert self._parsed is not None
        context = self.execution_context
        context.pre_execution_errors = self._documents.validate(context.schema._schema, self._parsed)
        yield
