"""Cursors round-trip for their own list, and all other texts are refused."""

from __future__ import annotations

import base64
from enum import Enum

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphfold.composition.cursors import (
    Anchor,
    BackendCursors,
    ListIdentity,
    OffsetCursors,
    decode_backend_cursor,
    decode_offset_cursor,
)
from graphfold.errors import InvalidInput

ORDERS: ListIdentity = ("Customer.orders", "10001", None)
URL_SAFE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


class Status(Enum):
    OPEN = "open"
    SENT = "sent"


def offset_cursor(of: ListIdentity, offset: int, key: str) -> str:
    return OffsetCursors(of, offset, key=str).encode(0, key)


def backend_cursor(of: ListIdentity, cursor: str) -> str:
    return BackendCursors(of, [cursor]).encode(0, None)


@settings(deadline=None)
@given(st.integers(0, 10**9 - 1), st.text(st.characters()))
def test_offset_cursor_round_trips_any_key(offset: int, key: str) -> None:
    cursor = offset_cursor(ORDERS, offset, key)
    assert decode_offset_cursor(ORDERS, cursor) == Anchor(offset, key)
    assert set(cursor) <= set(URL_SAFE)


@settings(deadline=None)
@given(st.text(st.characters()))
def test_backend_cursor_round_trips(cursor: str) -> None:
    assert decode_backend_cursor(ORDERS, backend_cursor(ORDERS, cursor)) == cursor


def test_cursors_are_short_and_the_same_in_every_process() -> None:
    assert offset_cursor(ORDERS, 20, "SO-100021") == "ATFNuTmjcL8-MjA6U08tMTAwMDIx"


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=[])))
def test_arbitrary_text_is_refused(text: str) -> None:
    refuses(text)


@settings(deadline=None)
@given(st.binary())
def test_arbitrary_base64_is_refused(raw: bytes) -> None:
    refuses(base64.urlsafe_b64encode(raw).decode().rstrip("="))


@settings(deadline=None)
@given(st.data())
def test_cursor_with_one_changed_character_is_refused(data: st.DataObject) -> None:
    cursor = offset_cursor(ORDERS, 20, "SO-100021")
    place = data.draw(st.integers(0, len(cursor) - 1))
    letter = data.draw(st.sampled_from(URL_SAFE + "=+/ \u00fc\ud800"))
    cut, replaced = cursor[:place], cursor[:place] + letter + cursor[place + 1 :]
    for broken in (cut, replaced, cursor[:place] + letter + cursor[place:], cursor + letter):
        if broken != cursor:
            refuses(broken)


def refuses(text: str) -> None:
    for read in (decode_offset_cursor, decode_backend_cursor):
        with pytest.raises(InvalidInput, match=r"^after: this is not a cursor of Customer\.orders; take one from"):
            read(ORDERS, text)


def test_overlong_text_is_refused_before_decoding() -> None:
    with pytest.raises(InvalidInput, match="not a cursor"):
        decode_backend_cursor(ORDERS, backend_cursor(ORDERS, "x" * 100_000))


@pytest.mark.parametrize(
    "other",
    [
        ("Customer.orders", "10002", None),
        ("Customer.orders", "10001", Status.OPEN),
        ("Customer.invoices", "10001", None),
        ("Customer.orders",),
    ],
)
def test_cursor_of_another_list_is_refused(other: ListIdentity) -> None:
    with pytest.raises(InvalidInput) as refused:
        decode_offset_cursor(ORDERS, offset_cursor(other, 20, "SO-100021"))
    assert refused.value.message == "after: this cursor does not belong to Customer.orders with these arguments."


def test_offset_and_backend_cursors_are_not_interchangeable() -> None:
    with pytest.raises(InvalidInput, match="not a cursor of"):
        decode_backend_cursor(ORDERS, offset_cursor(ORDERS, 1, "a"))
    with pytest.raises(InvalidInput, match="not a cursor of"):
        decode_offset_cursor(ORDERS, backend_cursor(ORDERS, "1:a"))
    with pytest.raises(InvalidInput, match="not a cursor of"):
        decode_offset_cursor(ORDERS, offset_cursor(ORDERS, 10**12, "a"))
