"""Scalars through a real schema: exact when serialized, strict when parsed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
import strawberry
from graphql import GraphQLError
from hypothesis import given, settings
from hypothesis import strategies as st
from strawberry.schema.config import StrawberryConfig

from graphfold.errors import Internal
from graphfold.scalars import SCALARS, Currency

VALUES: dict[str, Any] = {}


@strawberry.type
class Query:
    @strawberry.field
    def decimal(self, value: Decimal | None = None) -> Decimal | None:
        return value if value is not None else VALUES["out"]

    @strawberry.field
    def moment(self, value: datetime | None = None) -> datetime | None:
        return value if value is not None else VALUES["out"]

    @strawberry.field
    def day(self, value: date | None = None) -> date | None:
        return value if value is not None else VALUES["out"]

    @strawberry.field
    def currency(self, value: Currency | None = None) -> Currency | None:
        return value if value is not None else VALUES["out"]


SCHEMA = strawberry.Schema(Query, config=StrawberryConfig(scalar_map=SCALARS))
TYPES = {"decimal": "Decimal", "moment": "DateTime", "day": "Date", "currency": "Currency"}


def serialized(field: str, value: Any) -> Any:
    """Return the answer for a value that a resolver returns. Raise the error where there is one."""
    VALUES["out"] = value
    return _answer(field, SCHEMA.execute_sync(f"{{ {field} }}"))


def round_trip(field: str, value: Any) -> Any:
    """Return the answer for a client's value that is sent as a variable and returned by the resolver."""
    query = f"query ($value: {TYPES[field]}) {{ {field}(value: $value) }}"
    return _answer(field, SCHEMA.execute_sync(query, variable_values={"value": value}))


def round_trip_literal(field: str, text: str) -> Any:
    return _answer(field, SCHEMA.execute_sync(f"{{ {field}(value: {text}) }}"))


def _answer(field: str, result: Any) -> Any:
    for error in result.errors or ():
        raise error.original_error if isinstance(error.original_error, Internal) else error
    return result.data[field]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("12.30"), "12.30"),
        (Decimal("-0.05"), "-0.05"),
        (Decimal("1E+3"), "1000"),
        (Decimal("1E-9"), "0.000000001"),
        (Decimal("12345678901234567.89"), "12345678901234567.89"),
        (7, "7"),
    ],
)
def test_decimal_keeps_its_scale(value: object, text: str) -> None:
    assert serialized("decimal", value) == text


@pytest.mark.parametrize(
    "value", [Decimal("NaN"), Decimal("sNaN"), Decimal("-Infinity"), Decimal("1E+999999999"), 1.5, "12.30", True]
)
def test_non_decimal_is_not_serialized(value: object) -> None:
    with pytest.raises(Internal, match=r"^This value is no Decimal\.$") as refused:
        serialized("decimal", value)
    assert refused.value.internal


@settings(deadline=None)
@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**20), max_value=10**20))
def test_decimals_survive_a_round_trip(value: Decimal) -> None:
    assert round_trip("decimal", format(value, "f")) == format(value, "f")


@pytest.mark.parametrize(("literal", "text"), [('"0.10"', "0.10"), ("3", "3"), ("-12", "-12")])
def test_decimal_literals(literal: str, text: str) -> None:
    assert round_trip_literal("decimal", literal) == text


@pytest.mark.parametrize("literal", ["12.30", "1e3"])
def test_float_literal_is_refused_as_decimal(literal: str) -> None:
    with pytest.raises(GraphQLError, match=r'send it as a string, "12\.30"'):
        round_trip_literal("decimal", literal)


@pytest.mark.parametrize(
    "value", ["", "1e3", "NaN", "Infinity", "+1", ".5", "1.", " 1", "1_0", "٣", "1\n", "9" * 61, 10**60, True, [], {}]
)
def test_wrong_decimal_is_refused(value: object) -> None:
    with pytest.raises(GraphQLError, match="Decimal: wants a string"):
        round_trip("decimal", value)


def test_refusal_names_the_variable_and_is_bad_input() -> None:
    with pytest.raises(GraphQLError) as refused:
        round_trip("decimal", 0.1)
    assert refused.value.message == (
        "Variable '$value' has invalid value: "
        'Decimal: send it as a string, "12.30"; the number 0.1 may have lost digits.'
    )
    assert refused.value.extensions == {"code": "BAD_INPUT", "retryable": False}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (datetime(2026, 3, 1, 11, 30, tzinfo=UTC), "2026-03-01T11:30:00Z"),
        (datetime(2026, 3, 1, 11, 30, 0, 50, tzinfo=UTC), "2026-03-01T11:30:00.000050Z"),
        (datetime(2026, 3, 1, 1, 0, tzinfo=timezone(timedelta(hours=2))), "2026-02-28T23:00:00Z"),
        (datetime(26, 3, 1, tzinfo=UTC), "0026-03-01T00:00:00Z"),
    ],
)
def test_date_time_is_serialized_in_utc(value: datetime, text: str) -> None:
    assert serialized("moment", value) == text


@pytest.mark.parametrize(
    "value",
    [
        datetime(2026, 3, 1),
        date(2026, 3, 1),
        "2026-03-01T11:30:00Z",
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=2))),
    ],
)
def test_non_date_time_is_not_serialized(value: object) -> None:
    with pytest.raises(Internal, match=r"^This value is no DateTime\.$"):
        serialized("moment", value)


@pytest.mark.parametrize(
    ("literal", "text"),
    [
        ("2026-03-01T11:30:00Z", "2026-03-01T11:30:00Z"),
        ("2026-03-01t11:30:00.5z", "2026-03-01T11:30:00.500000Z"),
        ("2026-03-01T11:30:00+02:00", "2026-03-01T09:30:00Z"),
        ("2026-03-01T11:30:00-11:45", "2026-03-01T23:15:00Z"),
    ],
)
def test_date_time_with_any_offset_is_parsed(literal: str, text: str) -> None:
    assert round_trip("moment", literal) == text


@pytest.mark.parametrize(
    "value",
    [
        "2026-03-01T11:30:00",
        "2026-03-01",
        "2026-03-01 11:30:00Z",
        "2026-03-01T11:30Z",
        "20260301T113000Z",
        "2026-02-30T11:30:00Z",
        "2026-03-01T24:00:00Z",
        "2026-03-01T11:30:60Z",
        "2026-03-01T11:30:00.1234567Z",
        "2026-03-01T11:30:00+25:00",
        "0001-01-01T00:00:00+01:00",
        "2026-03-01T11:30:00Z\n",
        1772364600,
    ],
)
def test_wrong_date_time_is_refused(value: object) -> None:
    with pytest.raises(GraphQLError, match="DateTime: wants a string of RFC 3339"):
        round_trip("moment", value)


@settings(deadline=None)
@given(st.datetimes(min_value=datetime(2, 1, 1), timezones=st.just(UTC)))
def test_date_times_survive_a_round_trip(value: datetime) -> None:
    assert datetime.fromisoformat(round_trip("moment", serialized("moment", value))) == value


def test_date_is_serialized_and_parsed() -> None:
    assert serialized("day", date(2026, 3, 1)) == "2026-03-01"
    assert round_trip("day", "2024-02-29") == "2024-02-29"


@pytest.mark.parametrize("value", [datetime(2026, 3, 1, tzinfo=UTC), "2026-03-01"])
def test_non_date_is_not_serialized(value: object) -> None:
    with pytest.raises(Internal, match=r"^This value is no Date\.$"):
        serialized("day", value)


@pytest.mark.parametrize(
    "value", ["20260301", "2026-W09-1", "2026-3-1", "2025-02-29", "2026-03-01T00:00:00Z", "", 1, []]
)
def test_wrong_date_is_refused(value: object) -> None:
    with pytest.raises(GraphQLError, match="Date: wants a string that is a day"):
        round_trip("day", value)


def test_currency_is_serialized_and_parsed() -> None:
    assert serialized("currency", Currency("EUR")) == round_trip("currency", "EUR") == "EUR"
    with pytest.raises(Internal):
        serialized("currency", "euro")


@pytest.mark.parametrize("value", ["eur", "EURO", "EU", "EÜR", "", 978])
def test_wrong_currency_is_refused(value: object) -> None:
    with pytest.raises(GraphQLError, match="Currency: wants a string of three capital letters"):
        round_trip("currency", value)


def test_refusal_cuts_a_long_value() -> None:
    with pytest.raises(GraphQLError) as refused:
        round_trip("currency", "x" * 10_000)
    assert len(refused.value.message) < 250


def test_wrong_literal_fails_validation_with_a_reason() -> None:
    result = SCHEMA.execute_sync('{ day(value: "tomorrow") }')
    assert result.data is None
    assert result.errors is not None
    assert result.errors[0].message == (
        'Date: wants a string that is a day of the calendar: "2026-03-01"; got "tomorrow".'
    )


def test_schema_describes_each_scalar() -> None:
    sdl = SCHEMA.as_str()
    for name in ("Decimal", "DateTime", "Date", "Currency"):
        assert f'"""\nscalar {name}' in sdl
    assert 'scalar DateTime @specifiedBy(url: "https://www.rfc-editor.org/rfc/rfc3339#section-5.6")' in sdl
