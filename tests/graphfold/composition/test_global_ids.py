"""Global ids round-trip, business keys are accepted in their place, and other texts are refused."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import strawberry
from hypothesis import given, settings
from hypothesis import strategies as st

from graphfold.composition.global_ids import Node, global_id, key_of, node_id, parse_global_id
from graphfold.errors import InvalidInput
from graphfold.mistakes import Mistake


@strawberry.type
class Client(Node, key="number"):
    number: str


@strawberry.type
class Parcel(Node, key="tracking_code"):
    tracking_code: str


@strawberry.type(name="Item")
class StockItem(Node, key="sku"):
    sku: int


@strawberry.type
class Query:
    @strawberry.field
    def client(self, id: strawberry.ID) -> Client:
        return Client(number=key_of(Client, id))

    @strawberry.field
    def item(self) -> StockItem:
        return StockItem(sku=7)

    @strawberry.field
    def node(self, id: strawberry.ID) -> Node:
        kind, key = parse_global_id(id)
        return Client(number=key) if kind == "Client" else StockItem(sku=int(key))


SCHEMA = strawberry.Schema(Query, types=[Parcel])


def ask(query: str, **variables: Any) -> Any:
    result = SCHEMA.execute_sync(query, variable_values=variables)
    for error in result.errors or ():
        raise error.original_error or error
    return result.data


def test_node_finds_the_object_of_an_id() -> None:
    id = ask('{ client(id: "10001") { id number } }')["client"]["id"]
    assert ask("query ($id: ID!) { client(id: $id) { number } }", id=id) == {"client": {"number": "10001"}}
    found = ask("query ($id: ID!) { node(id: $id) { __typename id } }", id=id)
    assert found == {"node": {"__typename": "Client", "id": id}}


def test_id_contains_the_graphql_name_of_the_type() -> None:
    assert parse_global_id(ask("{ item { id } }")["item"]["id"]) == ("Item", "7")


def test_id_is_url_safe_base64_of_type_and_key() -> None:
    assert global_id("Client", "ÿ?>~") == base64.urlsafe_b64encode("Client:ÿ?>~".encode()).decode().rstrip("=")


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=30))
def test_any_key_round_trips(key: str) -> None:
    id = global_id("Client", key)
    assert key_of(Client, id) == key
    assert parse_global_id(id) == ("Client", key)
    assert set(id) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@settings(deadline=None)
@given(st.text(max_size=250))
def test_arbitrary_text_is_a_key_or_refused(text: str) -> None:
    try:
        assert key_of(Client, text) == text
    except InvalidInput as refused:
        assert refused.message.startswith("id: ")
    with pytest.raises(InvalidInput):
        parse_global_id(text)


def test_refusal_of_another_types_id_names_both_types() -> None:
    with pytest.raises(InvalidInput) as refused:
        ask("query ($id: ID!) { client(id: $id) { number } }", id=global_id("Item", "7"))
    assert refused.value.message == "id: this is the id of an Item; expected is a Client's id or its number."
    with pytest.raises(InvalidInput, match="a Client; expected is a Parcel's id or its trackingCode"):
        key_of(Parcel, global_id("Client", "1"))


@pytest.mark.parametrize("key", ["10001", "SO-100001", "A:1", "Client:10001", "=", "Zürich 7", "a+b/c==", "x" * 200])
def test_text_that_is_no_id_is_the_business_key(key: str) -> None:
    assert key_of(Client, key) == key


def test_text_like_an_id_of_an_unknown_type_is_a_key() -> None:
    looks_so = global_id("Coupon", "1")
    assert key_of(Client, looks_so) == looks_so


def test_id_with_a_changed_character_is_not_that_id() -> None:
    id = global_id("Client", "10001")
    for changed in (id + "=", id[:-1], id + "A", id.replace("Q", "q", 1), f" {id}"):
        assert key_of(Client, changed) != "10001"


@pytest.mark.parametrize(
    ("id", "why"),
    [
        ("", "id: must not be empty."),
        ("x" * 201, "id: has 201 characters; the longest is 200."),
        ("1\n2", "id: must not have control characters."),
        ("1\x00", "id: must not have control characters."),
        ("\x85", "id: must not have control characters."),
        ("\ud800", "id: must not have control characters."),
        (global_id("Client", "1\r\nX-Evil: 1"), "id: must not have control characters."),
    ],
)
def test_impossible_keys_are_refused(id: str, why: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        key_of(Client, id)
    assert refused.value.message == why


@pytest.mark.parametrize("id", ["", "x" * 201, "\x00", global_id("Item", "7"), global_id("Client", "\x00")])
def test_refusal_names_the_argument(id: str) -> None:
    with pytest.raises(InvalidInput, match=r"^input\.clientId: "):
        key_of(Client, id, "input.clientId")


@pytest.mark.parametrize("id", ["10001", "Client:10001", global_id("Coupon", "1"), global_id("Client", ""), "%%%", "ü"])
def test_node_field_takes_only_global_ids(id: str) -> None:
    with pytest.raises(InvalidInput, match="this is not an id of this graph"):
        ask("query ($id: ID!) { node(id: $id) { id } }", id=id)


def test_subclass_of_a_node_keeps_its_key_and_name() -> None:
    partial = type("Client", (Client,), {})
    made: Any = object.__new__(partial)
    made.number = "5"
    assert node_id(made) == global_id("Client", "5")


def test_node_without_a_key_is_a_mistake_at_its_class() -> None:
    with pytest.raises(
        Mistake, match=r"test_global_ids\.py:\d+: Nameless is a Node without a key\n  Why: .*\n  Fix: .*key="
    ):

        class Nameless(Node):
            pass


def test_resolver_of_id_is_the_module_function() -> None:
    field = next(f for f in Client.__strawberry_definition__.fields if f.python_name == "id")  # type: ignore[attr-defined]
    assert field.base_resolver.wrapped_func is node_id
