"""Masking: our errors are shown, mistakes of clients are explained, everything else is hidden and logged."""

from decimal import Decimal
from typing import Any, NewType

import pytest
import strawberry
import structlog
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig

from graphfold.errors import BackendTimeout, InvalidInput, NotFound
from graphfold.operation.masking import mask_errors

SECRET = "password=hunter2"
REQUIRED = "Variable '$n' has invalid value: Expected a value of non-null type 'Int!' to be provided."
Weight = NewType("Weight", Decimal)


def _weight(value: object) -> Weight:
    raise KeyError(SECRET)


def _serialized(value: object) -> str:
    raise GraphQLError(f"cannot write {SECRET}")


@strawberry.type
class Query:
    @strawberry.field
    def ours(self) -> str | None:
        raise BackendTimeout("The crm did not answer in time.", backend="crm", retry_after=2, internal=SECRET)

    @strawberry.field
    def missing(self) -> str | None:
        raise NotFound("There is no customer 7.")

    @strawberry.field
    def broken(self) -> str | None:
        raise RuntimeError(SECRET)

    @strawberry.field
    def chained(self) -> str | None:
        try:
            raise RuntimeError(SECRET)
        except RuntimeError as error:
            raise GraphQLError(f"failed: {error}") from error

    @strawberry.field
    def never_null(self) -> str:
        return None  # type: ignore[return-value]

    @strawberry.field
    def weight(self, of: Weight | None = None, count: int = 1) -> Weight | None:
        return Weight(Decimal(1))


SCALARS: Any = {Weight: strawberry.scalar(name="Weight", parse_value=_weight, serialize=_serialized)}


class Quiet(strawberry.Schema):
    def process_errors(self, errors: list[GraphQLError], execution_context: Any = None) -> None:
        """Errors are logged by the masking, not by Strawberry too."""


SCHEMA = Quiet(Query, config=StrawberryConfig(scalar_map=SCALARS))


async def errors_of(query: str, **variables: object) -> list[Any]:
    result = await SCHEMA.execute(query, variables)
    return [error.formatted for error in mask_errors(result.errors or [], "r-1")]


pytestmark = [pytest.mark.anyio, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


@pytest.fixture
def log() -> Any:
    with structlog.testing.capture_logs() as lines:
        yield lines


async def test_typed_error_is_shown_without_its_internal_text(log: list[Any]) -> None:
    assert await errors_of("{ ours }") == [
        {
            "message": "The crm did not answer in time.",
            "locations": [{"line": 1, "column": 3}],
            "path": ["ours"],
            "extensions": {
                "code": "BACKEND_TIMEOUT",
                "retryable": True,
                "backend": "crm",
                "retryAfter": 2,
                "requestId": "r-1",
            },
        }
    ]
    assert [(line["internal"], line["request_id"], line["code"]) for line in log] == [
        (SECRET, "r-1", "BACKEND_TIMEOUT")
    ]


async def test_failed_call_is_logged_once_for_all_its_fields(log: list[Any]) -> None:
    await errors_of("{ ours again: ours thrice: ours broken }")
    assert [(line["log_level"], line["path"], line["places"]) for line in log] == [
        ("warning", ["ours"], 3),
        ("error", ["broken"], 1),
    ]


async def test_typed_error_without_internal_text_is_not_logged(log: list[Any]) -> None:
    [error] = await errors_of("{ missing }")
    assert error["extensions"]["code"] == "NOT_FOUND"
    assert log == []


@pytest.mark.parametrize("query", ["{ broken }", "{ chained }", "{ neverNull }", "{ weight }"])
async def test_unexpected_exception_is_masked_and_logged(query: str, log: list[Any]) -> None:
    [error] = await errors_of(query)
    assert error["message"] == "Internal error."
    assert error["extensions"] == {"code": "INTERNAL", "retryable": False, "requestId": "r-1"}
    [line] = log
    assert (line["request_id"], line["log_level"], line["path"]) == ("r-1", "error", error["path"])
    assert line["traceback"].startswith("Traceback (most recent call last):")
    assert "exc_info" not in line  # it would let formatters print the values of local variables


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{ ours", "Syntax Error: Expected Name, found <EOF>."),
        ("{ gone }", "Cannot query field 'gone' on type 'Query'."),
        ("query($n: Int!) { weight(count: $n) }", REQUIRED),
    ],
)
async def test_client_mistake_is_explained(query: str, message: str, log: list[Any]) -> None:
    [error] = await errors_of(query)
    assert (error["message"], error["extensions"]["code"]) == (message, "BAD_INPUT")
    assert log == []


async def test_exception_text_of_a_scalar_is_cut_off() -> None:
    [literal] = await errors_of("{ weight(of: 3) }")
    [variable] = await errors_of("query($w: Weight) { weight(of: $w) }", w=3)
    assert literal["message"] == "Expected value of type 'Weight'; found: 3."
    assert variable["message"] == "Variable '$w' has invalid value: Expected value of type 'Weight'; found: 3."
    assert {error["extensions"]["code"] for error in (literal, variable)} == {"BAD_INPUT"}


async def test_exception_of_an_extension_is_masked(log: list[Any]) -> None:
    [error] = mask_errors([GraphQLError(SECRET, original_error=RuntimeError(SECRET))], "r-1")
    assert error.message == "Internal error."
    assert error.original_error is None
    [error] = mask_errors([GraphQLError("No.", original_error=InvalidInput("No."))], "r-1")
    assert (error.message, error.extensions) == ("No.", {"code": "BAD_INPUT", "retryable": False, "requestId": "r-1"})


async def test_schema_names_are_suggested_in_development_only() -> None:
    result = await SCHEMA.execute("{ brokn }")
    [plain] = mask_errors(result.errors or [], "r-1")
    [helped] = mask_errors(result.errors or [], "r-1", suggestions=True)
    assert plain.message == "Cannot query field 'brokn' on type 'Query'."
    assert helped.message == "Cannot query field 'brokn' on type 'Query'. Did you mean 'broken'?"
