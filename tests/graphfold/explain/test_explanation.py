"""Explanations: call counts, keys, dependencies between calls, and warnings about calls per item."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from strawberry.extensions import SchemaExtension

from graphfold.explain.explainer import ExplainError
from graphfold.explain.explanation import CallCount, ExplainedStep, Explanation
from graphfold.testing import declaring
from tests.graphfold.explain.parts import parts
from tests.graphfold.people import people


@pytest.fixture(autouse=True)
def _own_declarations() -> Iterator[None]:
    with declaring():
        yield


def steps_of(explanation: Explanation) -> dict[str, ExplainedStep]:
    return {step.path: step for step in explanation.walk()}


def calls_of(explanation: Explanation) -> dict[str, tuple[int, int | None]]:
    return {path: (step.calls.least, step.calls.most) for path, step in steps_of(explanation).items()}


def test_key_source_and_batch_size_are_shown() -> None:
    explanation = people(max_size=2).explain("{ staff { name notes { author { mail } } } }")
    notes, author = steps_of(explanation)["staff.notes"], steps_of(explanation)["staff.notes.author"]
    assert notes.key is not None
    assert (notes.key.source, notes.key.most, notes.calls) == ("Person.number", 5, CallCount(1, 1))
    assert author.key is not None
    assert (author.key.source, author.key.most, author.key.batch) == ("Note.about", 25, 2)
    assert author.because == ["Person.name", "Person.mail"]  # the fields of staff are fetched for every person
    assert explanation.counted == ["staff", "staff.notes"]
    assert explanation.rounds == 3


def test_objects_loaded_by_an_earlier_list_may_need_no_call() -> None:
    explanation = people().explain("{ staff { notes { author { name } } } }")
    author = steps_of(explanation)["staff.notes.author"]
    assert (author.known_from, author.calls) == (1, CallCount(0, 1))


def test_reference_by_key_alone_is_no_call() -> None:
    explanation = people().explain('{ person(number: "1") { notes { author { number id __typename } } } }')
    author = steps_of(explanation)["person.notes.author"]
    assert (author.only_key, author.calls, author.because) == (True, CallCount(0, 0), [])
    assert explanation.calls == CallCount(2, 2)
    assert explanation.rounds == 2


def test_computed_field_is_the_reason_of_the_call() -> None:
    explanation = people().explain('{ person(number: "1") { notes { author { label } } } }')
    assert steps_of(explanation)["person.notes.author"].because == ["Person.label"]


def test_conditional_call_counts_from_zero() -> None:
    explanation = people().explain('{ seek(number: "1") { boss { mail notes { text } } } }')
    assert calls_of(explanation) == {"seek": (1, 1), "seek.boss": (0, 1), "seek.boss.notes": (0, 1)}


def test_field_with_many_keys_is_split_into_batches() -> None:
    explanation = people(max_size=2).explain('{ many(numbers: ["1", "2", "3"]) { name } }')
    [many] = explanation.steps
    assert many.key is not None
    assert (many.key.source, many.key.most, many.calls.most) == ("the argument numbers", 5, 3)


def test_loads_of_two_fields_share_a_call() -> None:
    explanation = people().explain(
        '{ person(number: "1") { sameNotes { text } notes { text } } twice: person(number: "2") { mail } }'
    )
    same = steps_of(explanation)
    assert (same["twice"].known_from, same["twice"].calls) == (same["person"].number, CallCount(0, 1))
    assert same["person.notes"].known_from is None  # loaded with a limit, the other without


def test_skipped_fields_are_not_explained() -> None:
    query = "query($n: String!, $yes: Boolean!) { person(number: $n) { notes @include(if: $yes) { text } } }"
    graph = people()
    assert len(list(graph.explain(query, {"n": "1", "yes": True}).walk())) == 2
    assert len(list(graph.explain(query, {"n": "1", "yes": False}).walk())) == 1


def test_node_field_is_explained_by_the_type_in_its_id() -> None:
    graph = people()
    identifier = "UGVyc29uOjE"  # Person:1
    [node] = graph.explain(f'{{ node(id: "{identifier}") {{ ... on Person {{ name }} }} }}').steps
    assert (node.name, node.calls) == ("hr.people", CallCount(1, 1))
    assert node.key is not None
    assert node.key.source == "the argument id"


def test_mutation_fields_are_serial() -> None:
    explanation = people().explain(
        'mutation { a: rename(number: "1", name: "X") { notes { text } } b: rename(number: "2", name: "Y") { name } }'
    )
    assert (explanation.serial, explanation.rounds, explanation.calls) == (True, 3, CallCount(3, 3))
    assert [step.kind for step in explanation.steps] == ["write", "write"]


def test_json_shows_waiting_and_parallel_steps() -> None:
    plan = people(ttl=5).explain('{ person(number: "1") { notes { text } } staff { name } }').json()
    person, staff = plan["steps"]
    assert (person["parallel"], person["waitsFor"], person["steps"][0]["waitsFor"]) == ([staff["step"]], None, 1)
    assert person["cache"] == {"ttl": 5, "share": "viewer", "held": 0}
    assert plan["countedAs"] == {"items": 5, "lists": []}


@pytest.mark.parametrize(
    "query",
    ["{ gone }", "{ person", "query($n: Int!) { staff(team: $n) { name } }", "fragment A on Query { staff { name } }"],
)
def test_invalid_operation_is_not_explained(query: str) -> None:
    with pytest.raises(ExplainError) as refused:
        people().explain(query)
    assert refused.value.errors


def test_node_limit_holds_for_explanations() -> None:
    with pytest.raises(ExplainError, match="asks for up to 30 objects"):
        people(environment={"GRAPHFOLD_MAX_NODES": "29"}).explain("{ staff { notes { text } } }")


def test_reason_of_graphql_core_is_shown() -> None:
    graph = people()
    graph.documents.development = True
    assert graph.explain("{ __typename }").reason is None
    introspecting = graph.explain('{ __type(name: "Person") { name } person(number: "1") { name } }')
    assert introspecting.reason == "the query asks for the schema itself"
    assert [step.path for step in introspecting.steps] == ["person"]


def test_execution_setting_is_a_reason() -> None:
    switched_off = people(environment={"GRAPHFOLD_EXECUTION": "graphql-core"})
    assert switched_off.explain("{ staff { name } }").reason == "GRAPHFOLD_EXECUTION is graphql-core"


def test_extension_with_a_field_hook_is_a_reason() -> None:
    class Hook(SchemaExtension):
        def resolve(self, *args: Any, **kwargs: Any) -> Any:
            """Around every field."""

    graph = people()
    graph.schema.extensions = (*graph.schema.extensions, Hook)
    assert "an extension resolves fields" in (graph.explain("{ staff { name } }").reason or "")


@pytest.mark.parametrize(
    ("field", "most", "message"),
    [
        ("one { number }", 5, "calls depot once for each key, 32 at a time."),
        ("other { number }", 5, "calls depot once for each key, 32 at a time."),
        ("named { number }", 5, "once for each object, since its arguments differ: only keys are batched."),
        ("alone { number }", 5, "once for each object: a @read takes one item at a time."),
        ("same { number }", 1, None),
    ],
)
def test_call_per_item_is_a_warning(field: str, most: int, message: str | None) -> None:
    explanation = parts().explain(f"{{ parts {{ {field} }} }}")
    [listed] = explanation.steps
    assert listed.steps[0].calls == CallCount(1, most)
    assert [warning.message.partition(" ")[2].removeprefix("is called ") for warning in explanation.warnings] == (
        [message] if message else []
    )
    for warning in explanation.warnings:
        assert warning.fix
        assert "parts.py:" in warning.where


def test_call_for_a_single_item_is_no_warning() -> None:
    assert parts().explain('{ node(id: "UGFydDox") { ... on Part { one { size } alone { size } } } }').warnings == []


def test_adapter_passed_to_another_function_is_an_unknown_call() -> None:
    explanation = parts().explain("{ parts { handed { size } } }")
    handed = steps_of(explanation)["parts.handed"]
    assert (handed.operation, handed.kind, handed.calls) == (None, "unknown", CallCount(0, None))
    assert explanation.calls == CallCount(1, None)


def test_resolver_with_two_calls_is_two_steps() -> None:
    twice = parts().explain("{ parts { twice { size } } }").steps[0].steps[0]
    assert (twice.operation, twice.calls) == ("parts", CallCount(1, 1))
    assert [(step.operation, step.path, step.calls) for step in twice.steps] == [
        ("each_one", "parts.twice", CallCount(0, 5))
    ]


def test_calls_in_loops_and_exception_handlers_are_counted() -> None:
    explanation = parts().explain("{ parts { forgetful safe { size } } }")
    forgetful, safe = explanation.steps[0].steps
    assert forgetful.key is not None
    assert (forgetful.key.most, forgetful.calls, forgetful.steps) == (25, CallCount(1, 1), [])
    assert (safe.calls, safe.steps[0].calls.least, safe.steps[0].operation) == (CallCount(0, 1), 0, "parts")


def test_backend_with_client_credentials_may_need_a_token() -> None:
    [depot] = parts().explain("{ parts { size } }").backends
    assert (depot.name, depot.protocol, depot.calls, depot.token) == ("depot", "REST", CallCount(1, 1), True)
