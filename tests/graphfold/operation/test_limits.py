"""Limits of a query: refusals name limit, value and setting, and fragment bombs cost no more than their length."""

import pytest
import strawberry
from graphql import FragmentDefinitionNode, OperationDefinitionNode, get_introspection_query, parse, validate
from strawberry import relay

from graphfold.errors import LimitExceeded
from graphfold.operation.limits import limit_rule
from graphfold.operation.node_count import check_nodes, count_nodes
from graphfold.operation.selection_count import count_selections
from graphfold.settings import Settings


@strawberry.type
class Line:
    sku: str


@strawberry.type
class OrderEdge:
    cursor: str
    node: "Order"


@strawberry.type
class OrderConnection:
    nodes: list["Order"]
    edges: list[OrderEdge]
    page_info: relay.PageInfo


@strawberry.type
class Order:
    number: str
    lines: list[Line]

    @strawberry.field
    def orders(self, first: int = 20) -> OrderConnection:
        raise NotImplementedError

    @strawberry.field
    def next(self) -> "Order":
        raise NotImplementedError


@strawberry.type
class Query:
    @strawberry.field
    def orders(self, first: int | None = 20) -> OrderConnection:
        raise NotImplementedError

    order: Order
    name: str


SCHEMA = strawberry.Schema(Query)._schema
LIMITS = Settings()
RULE = limit_rule(LIMITS)


def refusals(query: str) -> list[str]:
    errors = validate(SCHEMA, parse(query), [RULE])
    assert all((error.extensions or {})["code"] == "LIMIT_EXCEEDED" for error in errors)
    return [error.message for error in errors]


def nodes(query: str, variables: dict[str, object] | None = None) -> int:
    operation, fragments = read(query)
    return count_nodes(SCHEMA, operation, fragments, variables, 100)


def read(query: str) -> tuple[OperationDefinitionNode, dict[str, FragmentDefinitionNode]]:
    definitions = parse(query).definitions
    assert isinstance(definitions[0], OperationDefinitionNode)
    return definitions[0], {node.name.value: node for node in definitions if isinstance(node, FragmentDefinitionNode)}


def nested(levels: int) -> str:
    return "{ order " + "{ next " * (levels - 2) + "{ number }" + " }" * (levels - 2) + " }"


def test_depth_one_level_above_the_limit_is_refused() -> None:
    assert refusals(nested(16)) == []
    assert refusals(nested(17)) == ["The query is 17 levels deep; the limit is 16 (GRAPHFOLD_MAX_DEPTH)."]


@pytest.mark.parametrize(
    "query",
    [
        "{ order { " + "... { next { " * 16 + "number" + " } }" * 16 + " } }",
        "{ order { ...A } } fragment A on Order { " + "next { " * 9 + "...B" + " }" * 9 + " }"
        "fragment B on Order { " + "next { " * 7 + "number" + " }" * 7 + " }",
    ],
    ids=["inline fragments", "named fragments"],
)
def test_depth_counts_levels_inside_fragments(query: str) -> None:
    assert [message.partition(" levels")[2] for message in refusals(query)] == [
        " deep; the limit is 16 (GRAPHFOLD_MAX_DEPTH)."
    ]


def test_introspection_depth_has_its_own_limit() -> None:
    assert refusals(get_introspection_query()) == []
    deeper = '{ __type(name: "Order") ' + "{ ofType " * 15 + "{ name }" + " }" * 15 + " }"
    assert refusals(deeper) == [
        "The introspection is 17 levels deep; the limit is 15 (GRAPHFOLD_MAX_INTROSPECTION_DEPTH)."
    ]


def test_aliases_of_a_fragment_count_at_each_spread() -> None:
    thirty = "{" + " ".join(f"a{i}: name" for i in range(30)) + "}"
    assert refusals(thirty) == []
    spread = (
        "{ order { ...F next { ...F } } } fragment F on Order { " + " ".join(f"a{i}: number" for i in range(16)) + " }"
    )
    assert refusals(spread) == ["The query has 32 aliases; the limit is 30 (GRAPHFOLD_MAX_ALIASES)."]


def test_repeated_root_fields_count_each_time() -> None:
    assert refusals("{" + "name " * 64 + "}") == []
    assert refusals("{" + "name " * 65 + "}") == [
        "The query has 65 root fields; the limit is 64 (GRAPHFOLD_MAX_ROOT_FIELDS)."
    ]


def test_operations_of_a_document_are_measured_separately() -> None:
    assert refusals(" ".join(f"query Q{i} {{ a: name }}" for i in range(50))) == []


def test_shape_of_a_fragment_bomb_is_measured_in_linear_time() -> None:
    bomb = "{ order { ...F0 } }" + "".join(
        f"fragment F{i} on Order {{ a: next {{ ...F{i + 1} }} b: next {{ ...F{i + 1} }} }} " for i in range(30)
    )
    assert refusals(f"{bomb} fragment F30 on Order {{ number }}") == [
        "The query selects too much, too often; the limit is 20,000 (GRAPHFOLD_MAX_SELECTIONS).",
        "The query is 32 levels deep; the limit is 16 (GRAPHFOLD_MAX_DEPTH).",
        "The query has 2,147,483,646 aliases; the limit is 30 (GRAPHFOLD_MAX_ALIASES).",
    ]


def test_limits_ignore_fragment_cycles_and_unknown_fragments() -> None:
    assert refusals("{ order { ...F ...Gone } } fragment F on Order { next { ...F } }") == []


def test_repeated_fields_at_one_path_count_squared() -> None:
    document = parse("{ order { number number ...F ... { number } } } fragment F on Order { number }")
    # order, then four times `number` and the two fragments, then six pairs of `number`
    assert count_selections(document, enough=100, levels=5) == 1 + 6 + 6


@pytest.mark.parametrize(
    "query",
    [
        "{ order { " + "next { next { number } } " * 250 + "} }",
        "{ order { "
        + " ".join(f"...F{i}" for i in range(250))
        + " } }"
        + " ".join(f"fragment F{i} on Order {{ next {{ next {{ number }} }} }}" for i in range(250)),
        "{ order { ...F } } fragment F on Order { a: next { ...F } b: next { ...F } }",
    ],
    ids=["fields", "fragments", "cycle"],
)
def test_document_that_would_take_seconds_to_validate_is_refused(query: str) -> None:
    assert refusals(query)[0] == (
        "The query selects too much, too often; the limit is 20,000 (GRAPHFOLD_MAX_SELECTIONS)."
    )


def test_node_count_multiplies_page_sizes() -> None:
    assert nodes("{ name }") == 0
    assert nodes("{ order { number } }") == 1
    # the connection, its page of orders, five lines for each
    assert nodes("{ orders(first: 10) { nodes { number lines { sku } } } }") == 1 + 10 * (1 + 5)
    assert (
        nodes("{ orders(first: 10) { edges { cursor node { number } } pageInfo { hasNextPage } } }") == 1 + 10 * 2 + 1
    )


def test_node_count_takes_the_page_size_from_argument_variable_or_default() -> None:
    assert nodes("{ orders { nodes { number } } }") == 21
    assert nodes("query($n: Int = 7) { orders(first: $n) { nodes { number } } }") == 8
    assert nodes("query($n: Int = 7) { orders(first: $n) { nodes { number } } }", {"n": 3}) == 4
    assert nodes("{ orders(first: null) { nodes { number } } }") == 101


@pytest.mark.parametrize(("first", "page"), [("-1", 0), ("2147483647", 100), ("9" * 5000, 100)])
def test_invalid_page_size_counts_as_the_nearest_valid_one(first: str, page: int) -> None:
    assert nodes(f"{{ orders(first: {first}) {{ nodes {{ number }} }} }}") == 1 + page


def test_skipped_fields_do_not_count() -> None:
    query = "query($no: Boolean!) { order @include(if: $no) { next { number } } b: order @skip(if: true) { number } }"
    assert nodes(query, {"no": False}) == 0
    assert nodes(query, {"no": True}) == 2


def test_fragment_counts_with_the_page_size_around_its_spread() -> None:
    fragment = "fragment F on OrderConnection { nodes { number } }"
    assert nodes(f"{{ a: orders(first: 2) {{ ...F }} b: orders(first: 3) {{ ...F }} }} {fragment}") == (1 + 2) + (1 + 3)


def test_query_for_too_many_objects_is_refused() -> None:
    operation, fragments = read(
        "{ orders(first: 100) { nodes { orders(first: 100) { nodes { orders(first: 100) { nodes { number }}}}}}}"
    )
    with pytest.raises(LimitExceeded) as refused:
        check_nodes(SCHEMA, operation, fragments, None, LIMITS)
    assert refused.value.message == (
        "The query asks for up to 1,020,201 objects; the limit is 100,000 (GRAPHFOLD_MAX_NODES)."
    )


def test_objects_of_a_fragment_bomb_are_counted_in_linear_time() -> None:
    bomb = "{ order { ...F0 } }" + "".join(
        f"fragment F{i} on Order {{ a: next {{ ...F{i + 1} }} b: next {{ ...F{i + 1} }} }} " for i in range(30)
    )
    assert nodes(f"{bomb} fragment F30 on Order {{ number }}") == 2**31 - 1
