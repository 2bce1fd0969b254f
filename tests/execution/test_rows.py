"""Decoded rows: read straight from the wire's values, with the answers and errors their attributes would give."""

# No `from __future__ import annotations` here: the rows' types are declared inside a block.

import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any

import pytest
import strawberry
from hypothesis import given
from hypothesis import strategies as st
from strawberry.schema.config import StrawberryConfig

from graphfold import OnDemand, Row, Wire
from graphfold.conversions import EPOCH_MILLIS, YES_NO, Conversion, codes, minor_units
from graphfold.declarations import declaring
from graphfold.rows.decoder import decoder_for
from graphfold.scalars import SCALARS
from tests.execution.plan_executor import PlanExecutor
from tests.execution.twice import agree_at_once


@strawberry.enum
class Colour(Enum):
    RED = "red"
    GREEN = "green"


with declaring():

    @strawberry.type
    class Maker:
        name: str | None
        since: datetime | None

    @strawberry.type
    class Thing:
        number: str
        maker: Maker | None
        note: str | None
        colour: Colour | None
        price: Decimal | None
        made: datetime | None
        sold: bool | None

    class MakerRow(Row[Maker]):
        name: str | None
        since: Annotated[datetime | None, Wire("at.since", EPOCH_MILLIS)]

    class ThingRow(Row[Thing], key="number"):
        number: str
        maker: MakerRow | None
        note: Annotated[str | None, Wire("more.deep.note")]
        colour: Annotated[Colour | None, Wire("more.colour", codes({"R": Colour.RED, "G": Colour.GREEN}))]
        price: Annotated[Decimal | None, Wire("more.cents", minor_units())]
        made: Annotated[datetime | None, OnDemand("made", EPOCH_MILLIS)] = None
        sold: Annotated[bool | None, Wire("sold", YES_NO)] = None


@strawberry.type
class Query:
    @strawberry.field
    def things(self, info: strawberry.Info) -> list[Thing | None]:
        things: list[Thing | None] = info.context
        return things


SCHEMA = strawberry.Schema(
    Query, execution_context_class=PlanExecutor, config=StrawberryConfig(scalar_map=SCALARS)
)._schema
QUERY = "{ things { number note colour price made sold maker { __typename name since } } }"

deep = st.none() | st.fixed_dictionaries({"note": st.none() | st.text()})
more = st.fixed_dictionaries(
    {"deep": deep, "colour": st.none() | st.sampled_from("RG"), "cents": st.none() | st.integers(-(10**9), 10**9)}
)
since = st.none() | st.fixed_dictionaries({"since": st.none() | st.integers(-(10**13), 10**14)})
maker = st.fixed_dictionaries({"name": st.none() | st.text(), "at": since})
thing = st.fixed_dictionaries(
    {
        "number": st.text(max_size=3),
        "maker": st.none() | maker,
        "more": st.none() | more,
        "made": st.none() | st.integers(-(10**13), 10**14),
    },
    optional={"sold": st.none() | st.sampled_from("YN")},
)


@given(things=st.lists(thing, min_size=1, max_size=5), many=st.booleans())
def test_decoded_rows_complete_like_their_attributes(things: list[dict[str, Any]], many: bool) -> None:
    requested: Callable[[Any], frozenset[str]] = lambda row: row.shape.on_demand  # noqa: E731  # an argument of its own
    rows = decoder_for(list[ThingRow], requested).json(json.dumps(things * (60 if many else 1)).encode())
    agree_at_once(SCHEMA, QUERY, context_value=rows)


def _price(cents: int) -> Decimal:
    if cents < 0:
        raise ValueError
    return Decimal(cents)


@pytest.mark.parametrize("count", [1, 100])
def test_unconvertible_row_value_fails_at_its_response_path(count: int) -> None:
    with declaring():

        class PricedRow(Row[Thing], key="number"):
            number: str
            price: Annotated[Decimal | None, Wire("price", Conversion("a price", int, _price))]
            maker: MakerRow | None = None
            note: str | None = None
            colour: Colour | None = None
            made: datetime | None = None
            sold: bool | None = None

    things = [{"number": "1", "price": price} for price in (5, -1, *range(count))]
    rows = decoder_for(list[PricedRow], lambda _: frozenset()).json(json.dumps(things).encode())
    answer = agree_at_once(SCHEMA, QUERY, context_value=rows)
    assert [error.path for error in answer.errors or ()] == [["things", 1, "price"]]
    assert answer.data is not None
    assert [thing["price"] for thing in answer.data["things"]][:3] == ["5", None, "0"]
