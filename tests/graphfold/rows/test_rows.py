"""Replies are decoded into rows as declared (paths, nulls, absences, conversions), and rows become graph objects."""

import json
from dataclasses import field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Annotated, Any

import pytest
import strawberry
from hypothesis import given
from hypothesis import strategies as st

from graphfold import OnDemand, Row, Wire
from graphfold.conversions import EPOCH_MILLIS, EPOCH_SECONDS, YES_NO, codes, minor_units
from graphfold.rows.decoder import Malformed, RequestedFields, Unreadable, decoder_for
from graphfold.rows.row import to_graph_object
from graphfold.rows.unrequested import FieldNotRequested
from graphfold.scalars import serialize_decimal
from graphfold.testing import declaring


class Colour(Enum):
    RED = "red"
    UNKNOWN = "?"


with declaring():

    @strawberry.type
    class Place:
        town: str
        code: str

    @strawberry.type
    class Thing:
        number: str
        note: str | None
        place: Place | None
        tags: list[str]
        places: list[Place]

    class PlaceRow(Row[Place]):
        town: str
        code: Annotated[str, OnDemand("zip")] = ""

    class ThingRow(Row[Thing], key="number"):
        number: Annotated[str, Wire("id.no")]
        note: Annotated[str | None, OnDemand("more.note")] = None
        place: PlaceRow | None = None
        tags: list[str] = field(default_factory=list)
        places: list[PlaceRow] = field(default_factory=list)

    class ValueRow(Row[Any]):
        must: int
        may_be_null: Annotated[int | None, Wire("a.null")]
        may_be_absent: Annotated[int, Wire("a.absent")] = 7
        null_is_default: Annotated[int, Wire("a.default", null="default")] = 8
        by_code: Annotated[Colour | None, Wire("code", codes({"R": Colour.RED}))] = None

    class ConvertedRow(Row[Any]):
        at: Annotated[datetime, Wire("at", EPOCH_MILLIS)]
        flag: Annotated[bool, Wire("flag", YES_NO)]
        price: Annotated[Decimal, Wire("cents", minor_units())]
        colour: Annotated[Colour, Wire("code", codes({"R": Colour.RED}, otherwise=Colour.UNKNOWN))]


def nothing(row: type[Row[Any]]) -> frozenset[str]:
    return frozenset()


def everything(row: type[Row[Any]]) -> frozenset[str]:
    return row.shape.on_demand


def read(into: Any, body: Any, requested: RequestedFields | None = None, path: str | None = None) -> Any:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return decoder_for(into, requested or everything, path).json(text)


def test_wire_path_leads_into_objects() -> None:
    row = read(ThingRow, {"id": {"no": "1", "x": [1]}, "more": {"note": "n"}, "place": {"town": "T", "zip": "01"}})
    assert (row.number, row.note, row.place.town, row.place.code) == ("1", "n", "T", "01")


def test_decoder_path_leads_into_the_reply() -> None:
    assert read(list[int], {"data": {"items": [1, 2]}, "more": 1}, path="data.items") == [1, 2]
    with pytest.raises(Unreadable, match="items"):
        read(list[int], {"data": {}}, path="data.items")


def test_on_demand_field_is_decoded_only_when_requested() -> None:
    body = {"id": {"no": "1"}, "more": {"note": ["no", "text"]}, "place": {"town": "T", "zip": 1}}
    row = read(ThingRow, body, requested=nothing)
    assert (row.number, row.place.town) == ("1", "T")
    for holder, name in ((row, "note"), (row.place, "code")):
        with pytest.raises(FieldNotRequested, match=f"{name} was read"):
            getattr(holder, name)
    with pytest.raises(Unreadable, match=r"more\.note"):
        read(ThingRow, body)
    with pytest.raises(Unreadable, match="more"):
        read(ThingRow, {"id": {"no": "1"}})


@st.composite
def _wire(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a body in which any value may be missing, null or a text."""
    value = st.one_of(st.integers(-5, 5), st.none(), st.just("text"))
    inner = st.dictionaries(st.sampled_from(["null", "absent", "default"]), value)
    shape = {"must": value, "a": st.one_of(inner, st.none(), st.just(3)), "code": st.sampled_from(["R", "X", None, 1])}
    return {name: draw(choice) for name, choice in shape.items() if draw(st.integers(0, 9))}


def _naive(body: dict[str, Any]) -> dict[str, Any]:
    """Read a body as `ValueRow` declares it, step by step. Raise KeyError where it does not fit."""

    def number(holder: dict[str, Any], name: str) -> int:
        value = holder[name]
        if not isinstance(value, int):
            raise KeyError(name)
        return value

    a = body["a"]
    if not isinstance(a, dict) or "null" not in a:
        raise KeyError("a")
    code = body.get("code")
    return {
        "must": number(body, "must"),
        "may_be_null": None if a["null"] is None else number(a, "null"),
        "may_be_absent": number(a, "absent") if "absent" in a else 7,
        "null_is_default": 8 if a.get("default") is None else number(a, "default"),
        "by_code": None if code is None else {"R": Colour.RED}[code],
    }


@given(_wire())
def test_decoding_agrees_with_a_naive_reader(body: dict[str, Any]) -> None:
    try:
        expected: dict[str, Any] | None = _naive(body)
    except KeyError:
        expected = None
    try:
        read_as: dict[str, Any] | None = vars(read(ValueRow, body))
    except Unreadable:
        read_as = None
    assert read_as == expected


def test_conversions_are_applied() -> None:
    row = read(ConvertedRow, {"at": 1_700_000_000_123, "flag": "Y", "cents": -1230, "code": "B"})
    assert row.at == datetime(2023, 11, 14, 22, 13, 20, 123000, tzinfo=UTC)
    assert (row.flag, str(row.price), row.colour) == (True, "-12.30", Colour.UNKNOWN)


@pytest.mark.parametrize(
    "wrong", [{"at": 10**30}, {"flag": "maybe"}, {"flag": True}, {"cents": 12.5}, {"cents": "1"}, {"code": None}]
)
def test_failed_conversion_names_the_place_and_not_the_value(wrong: dict[str, Any]) -> None:
    with pytest.raises(Unreadable, match=next(iter(wrong))) as raised:
        read(ConvertedRow, {"at": 0, "flag": "Y", "cents": 1, "code": "R"} | wrong)
    assert "maybe" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"0.1", "0.1"),
        (b"12.30", "12.30"),
        (b'"12.30"', "12.30"),
        (b"123456789012345678901234567890.12", "123456789012345678901234567890.12"),
        (b"9007199254740993", "9007199254740993"),
    ],
)
def test_declared_decimals_are_exact(text: bytes, value: str) -> None:
    assert str(read(Decimal, text)) == value


@pytest.mark.parametrize("text", ["0.10", "-1.50E+3", "1E-7", "123456789012345678901234567890.12"])
def test_undeclared_fractions_are_exact(text: str) -> None:
    value = read(Any, f'{{"a": [{text}], "b": 1, "c": true}}'.encode())
    assert value == {"a": [Decimal(text)], "b": 1, "c": True}
    assert str(value["a"][0]) == text
    assert type(read(float, text.encode())) is float


@pytest.mark.parametrize(
    "text", [b"1E+309", b"1E-309", b"1E+999999999", b"1E+99999999999999999999", b"1E-99999999999999999999"]
)
def test_undeclared_fractions_beyond_float_range_are_unreadable(text: bytes) -> None:
    with pytest.raises(Unreadable, match="out of range"):
        read(Any, text)


@given(st.integers(), st.integers(0, 4))
def test_minor_units_are_exact(units: int, digits: int) -> None:
    amount = minor_units(digits).convert(units)
    assert amount.as_tuple().exponent == -digits
    assert Fraction(amount) == Fraction(units, 10**digits)


@given(st.integers(-62135596800000, 253370764800000) | st.integers(2**32 * 1000 - 10**6, 2**32 * 1000 + 10**6))
def test_epoch_times_are_exact(value: int) -> None:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    assert EPOCH_MILLIS.convert(value) == epoch + timedelta(milliseconds=value)
    assert EPOCH_SECONDS.convert(value // 1000) == epoch + timedelta(seconds=value // 1000)


@given(st.integers(-(10**18), 10**18), st.integers(1, 19))
def test_minor_units_serialize_directly_to_the_same_text(units: int, digits: int) -> None:
    amounts = minor_units(digits)
    assert amounts.serializers[serialize_decimal](units) == serialize_decimal(amounts.convert(units))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nonsense",
        b"\xff\xfe",
        b'{"must": 1e999}',
        b"[" * 100_000,
        b'{"must": ' + b"9" * 10_000 + b"}",
        b"null",
    ],
)
def test_garbage_raises_only_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read(ValueRow, body)


@pytest.mark.parametrize("ending", [b"", b', "a": NaN}', b', "\xff": 1}', b', "a": "\\ud800"}', b"} 1"])
def test_wrong_type_in_invalid_json_is_malformed(ending: bytes) -> None:
    with pytest.raises(Malformed):
        read(ValueRow, b'{"must": "text"' + ending)


@pytest.mark.parametrize("body", [b"{}", b"[]", b"null", b'{"must": "text", "a": 1e999}'])
def test_wrong_type_in_valid_json_is_not_malformed(body: bytes) -> None:
    with pytest.raises(Unreadable) as raised:
        read(ValueRow, body)
    assert not isinstance(raised.value, Malformed)


@given(st.binary(max_size=200))
def test_random_bytes_raise_only_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read(ThingRow, body)


def test_dates_are_read_and_times_need_a_zone() -> None:
    assert read(date, b'"2026-01-31"') == date(2026, 1, 31)
    with pytest.raises(Unreadable):
        read(datetime, b'"2026-01-31T10:00:00"')  # without a zone it is no point in time


def test_graph_object_is_a_deep_copy() -> None:
    row = read(
        ThingRow, {"id": {"no": "1"}, "more": {"note": None}, "tags": ["a"], "places": [{"town": "T", "zip": "1"}]}
    )
    thing = to_graph_object(row, nothing)
    thing.tags.append("b")
    thing.places.clear()
    assert (row.tags, len(row.places)) == (["a"], 1)
    assert isinstance(to_graph_object(row, nothing).places[0], Place)


def test_unrequested_fields_of_nested_graph_objects_cannot_be_read() -> None:
    body = {"id": {"no": "1"}, "place": {"town": "T"}, "places": [{"town": "U"}]}
    thing = to_graph_object(read(ThingRow, body, requested=nothing), everything)
    assert (thing.number, thing.place.town, thing.places[0].town) == ("1", "T", "U")
    assert isinstance(thing, Thing)
    for holder, name in ((thing, "note"), (thing.place, "code"), (thing.places[0], "code")):
        with pytest.raises(FieldNotRequested, match=f"{name} was read, but this query does not fetch it"):
            getattr(holder, name)
