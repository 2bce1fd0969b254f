"""The growth bench: varied sizes, with a figure for each."""

import pytest

from bench.growth import by_objects, by_types, with_types

pytestmark = pytest.mark.anyio


async def test_growth_measures_every_size() -> None:
    for line in await by_objects([1, 2]):
        assert list(line.at) == [22, 44]
        assert len(line.milliseconds) == 2
        assert min(line.milliseconds) > 0


async def test_growth_distinguishes_cached_and_new_documents() -> None:
    names = [line.name for line in await by_types([1])]
    assert [name for name in names if "first" in name] == ["graphfold, document seen first"]


def test_generated_schema_grows_by_whole_types() -> None:
    small, large = with_types(1).type_map, with_types(3).type_map
    assert large.keys() - small.keys() == {"Added1", "Added2"}
