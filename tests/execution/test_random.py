"""Random queries over random schemas, answered by graphql-core and as plans: they agree, and all are planned."""

from __future__ import annotations

import asyncio
from random import Random

import pytest
from graphql import parse, print_ast, validate
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import queries

from tests.execution.documents import livelier
from tests.execution.twice import agree, agree_at_once
from tests.execution.worlds import World

DEFAULT = 100
"""The number of examples of hypothesis itself, where no profile sets another."""

many = settings.default is not None and settings.default.max_examples != DEFAULT
examples = settings(
    max_examples=settings().max_examples if many else 150,
    derandomize=not many,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


def query_of(world: World) -> st.SearchStrategy[str]:
    return queries(world.schema, allow_x00=False)


def can_be_asked(world: World) -> bool:
    """hypothesis-graphql cannot weigh the fields of some schemas."""
    try:
        query_of(world).validate()
    except (ValueError, OverflowError):
        return False
    return True


def made(*, waits: bool) -> list[World]:
    candidates = [World(seed, waits=waits) for seed in range(60 if many else 20)]
    return [world for world in candidates if can_be_asked(world)]


worlds = {waits: made(waits=waits) for waits in (False, True)}


@given(st.data())
@examples
def test_random_synchronous_queries_match_graphql_core(data: st.DataObject) -> None:
    world = data.draw(st.sampled_from(worlds[False]))
    text, values = _drawn(world, data)
    agree_at_once(world.schema, text, world.root, variable_values=values)


@pytest.mark.filterwarnings("ignore:coroutine .*never awaited:RuntimeWarning")  # graphql-core forgets some, at errors
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@given(st.data())
@examples
def test_random_awaited_queries_match_graphql_core(data: st.DataObject) -> None:
    world = data.draw(st.sampled_from(worlds[True]))
    text, values = _drawn(world, data)
    asyncio.run(agree(world.schema, text, world.root, exact=False, variable_values=values))


def _drawn(world: World, data: st.DataObject) -> tuple[str, dict[str, object]]:
    query = data.draw(query_of(world))
    seed = data.draw(st.integers(0, 2**16))
    document, values = livelier(world.schema, parse(query), Random(seed))
    text = print_ast(document)
    assume(not validate(world.schema, parse(text)))
    return text, values
