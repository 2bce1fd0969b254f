"""Documents: parsing and validation once per text, and refusals with at most ten clear errors."""

from typing import Any

import pytest
import strawberry
from graphql import GraphQLError, get_introspection_query
from strawberry.types.graphql import OperationType

from graphfold.operation.documents import Documents
from graphfold.operation.masking import mask_errors
from graphfold.settings import Settings

pytestmark = pytest.mark.anyio


@strawberry.type
class Query:
    @strawberry.field
    def name(self) -> str:
        return "graph"

    @strawberry.field
    def twice(self, number: int) -> int:
        return 2 * number


@strawberry.type
class Mutation:
    @strawberry.mutation
    def change(self) -> int:
        return 1


class Asked:
    """A schema with its documents, as the gateway runs it."""

    def __init__(self, *, development: bool = False) -> None:
        self.documents = Documents(Settings(), development=development)
        self.schema = Quiet(Query, Mutation, extensions=[self.documents.extension])

    async def __call__(self, text: str, name: str | None = None, **variables: object) -> Any:
        result = await self.schema.execute(text, variables, operation_name=name)
        return result.data if not result.errors else [error.message for error in result.errors]

    async def codes(self, text: str) -> set[str]:
        result = await self.schema.execute(text)
        return {(error.extensions or {})["code"] for error in mask_errors(result.errors or [], "r-1")}


class Quiet(strawberry.Schema):
    def process_errors(self, errors: list[GraphQLError], execution_context: Any = None) -> None:
        """Errors are logged by the masking, not by Strawberry too."""


@pytest.fixture
def ask() -> Asked:
    return Asked()


async def test_repeated_query_is_parsed_and_validated_once(ask: Asked) -> None:
    query = "query($n: Int!) { twice(number: $n) }"
    assert await ask(query, n=2) == {"twice": 4}
    checked = ask.documents.parse(query)
    assert checked.errors == []
    assert await ask(query, n=3) == {"twice": 6}
    assert ask.documents.parse(query) is checked


async def test_repeated_invalid_query_is_validated_once(ask: Asked) -> None:
    assert await ask("{ gone }") == await ask("{ gone }") == ["Cannot query field 'gone' on type 'Query'."]
    assert ask.documents.parse("{ gone }").errors


def test_document_cache_is_bounded(ask: Asked) -> None:
    texts = ["{ name }" + " " * 20_000 + f"#{count}" for count in range(20)]
    documents = [ask.documents.parse(text) for text in texts]
    assert ask.documents.parse(texts[-1]) is documents[-1]
    assert ask.documents.parse(texts[0]) is not documents[0]


def test_very_long_document_is_not_cached(ask: Asked) -> None:
    large = "{ name }" + " " * 100_000
    assert ask.documents.parse(large) is not ask.documents.parse(large)


async def test_introspection_is_refused_outside_development(ask: Asked) -> None:
    assert set(await ask(get_introspection_query())) == {
        "Introspection is switched off here; ask for the schema file instead."
    }
    assert await ask("{ __typename }") == {"__typename": "Query"}
    assert "__schema" in await Asked(development=True)(get_introspection_query())


async def test_suggestions_are_cut_off_outside_development(ask: Asked) -> None:
    assert await ask("{ nam }") == ["Cannot query field 'nam' on type 'Query'."]
    assert await Asked(development=True)("{ nam }") == [
        "Cannot query field 'nam' on type 'Query'. Did you mean 'name'?"
    ]


async def test_ambiguous_operation_is_refused(ask: Asked) -> None:
    two = "query A { name } query B { twice(number: 1) }"
    assert await ask(two, "B") == {"twice": 2}
    assert await ask(two) == ["Say which operation to run: operationName."]
    assert await ask(two, "C") == ["There is no operation named 'C' in the document."]
    assert await ask("fragment F on Query { name }") == ["The document has no operation."]


async def test_mutation_is_refused_where_only_queries_are_allowed(ask: Asked) -> None:
    assert await ask("mutation { change }") == {"change": 1}
    result = await ask.schema.execute("mutation { change }", allowed_operation_types=[OperationType.QUERY])
    assert result.errors is not None
    assert result.errors[0].message == "A mutation is not allowed here."


async def test_operation_returns_the_operation_that_would_run(ask: Asked) -> None:
    operation = ask.documents.operation("query A { name } mutation B { change }", "B")
    assert operation is not None
    assert operation.operation.value == "mutation"
    assert ask.documents.operation("{ name", None) is None
    assert ask.documents.operation("{ name }", "A") is None


TOO_MANY = "The query has too many tokens; the limit is 5,000 (GRAPHFOLD_MAX_TOKENS)."
NESTED = "The query is nested too deeply to be read; the limit is 16 (GRAPHFOLD_MAX_DEPTH)."
UNCHECKED = "The query is nested too deeply to be checked; the limit is 16 (GRAPHFOLD_MAX_DEPTH)."


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{ " + "name " * 5_000 + "}", TOO_MANY),
        ("#\n" * 6_000 + "{ name }", TOO_MANY),
        ("{ a " * 1_200 + "}" * 1_200, NESTED),
        ("{ twice(number: " + "[" * 2_000 + "1" + "]" * 2_000 + ") }", NESTED),
        ("query($a: " + "[" * 2_000 + "Int" + "]" * 2_000 + ") { name }", NESTED),
        ("{ ...F0 } " + " ".join(f"fragment F{i} on Query {{ ...F{i + 1} }}" for i in range(300)), UNCHECKED),
        ("{ " + "name " * 65 + "}", "The query has 65 root fields; the limit is 64 (GRAPHFOLD_MAX_ROOT_FIELDS)."),
    ],
    ids=["tokens", "comments", "selections", "lists", "types", "fragments", "root fields"],
)
async def test_document_over_a_limit_is_refused(ask: Asked, query: str, message: str) -> None:
    assert await ask(query) == [message]
    assert await ask.codes(query) == {"LIMIT_EXCEEDED"}


@pytest.mark.parametrize(
    "query",
    [
        " ",
        "{",
        "{ name " + "@aa " * 1_000 + "}",
        "{ name " + "@include(if: true) " * 600 + "}",
        "{ " + " ".join(f"u{i}" for i in range(2_000)) + " }",
        "{ ...F } fragment F on Query { ...G } fragment G on Query { ...F }",
        "{ ...F } fragment F on Query { name } fragment F on Query { ...F }",
        "{ ...F0 } " + " ".join(f"fragment F{i} on Query {{ ...F{i + 1} }}" for i in range(600)),
        "{ __typename " + "... { name " * 150 + "}" * 150 + "name " * 60 + "}",
        '{ twice(number: "' + "x" * 100_000 + '") }',
        "{ twice(number: " + "9" * 5_000 + ") }",
        "{ twice(number: 1e400) }",
        "{ name } \ud800",
    ],
)
async def test_hostile_document_gets_few_typed_errors(ask: Asked, query: str) -> None:
    result = await ask.schema.execute(query)
    errors = mask_errors(result.errors or [], "r-1")
    assert 1 <= len(errors) <= 10
    assert sum(len(error.message) for error in errors) < 10_000
    assert {(error.extensions or {})["code"] for error in errors} <= {"BAD_INPUT", "LIMIT_EXCEEDED"}
