"""Wrong caching options raise a Mistake at import."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from graphfold.mistakes import Mistake
from tests.graphfold.written import Wrong, assert_mistake

WRONG = {
    "stale without a ttl": Wrong(
        """
        class Crm(RestAdapter):
            @batch(stale=30)  # <-
            async def customers(self, numbers: Keys[str]) -> dict[str, CustomerRow]: ...
        """,
        "stale=30 without a ttl",
        "add ttl=",
    ),
    "negative ttl below zero": Wrong(
        """
        class Crm(RestAdapter):
            @batch(ttl=60, negative_ttl=-1)  # <-
            async def customers(self, numbers: Keys[str]) -> dict[str, CustomerRow]: ...
        """,
        "negative_ttl=-1 is not valid",
        "leave negative_ttl out",
    ),
    "infinite stale time": Wrong(
        """
        class Crm(RestAdapter):
            @batch(ttl=60, stale_if_error=float("inf"))  # <-
            async def customers(self, numbers: Keys[str]) -> dict[str, CustomerRow]: ...
        """,
        "stale_if_error=inf is not valid",
        "write it as a number",
    ),
    "cache of zero bytes": Wrong(
        """
        class Crm(RestAdapter):
            @batch(ttl=60, cache_bytes=0)  # <-
            async def customers(self, numbers: Keys[str]) -> dict[str, CustomerRow]: ...
        """,
        "cache_bytes=0 is not valid",
        "leave cache_bytes out",
    ),
    "tenant share of replies to the viewer": Wrong(
        """
        class Crm(RestAdapter):  # <-
            credential = PassThrough()

            @batch(ttl=60, share="tenant")
            async def customers(self, numbers: Keys[str]) -> dict[str, CustomerRow]: ...
        """,
        'share="tenant", but Crm calls as the viewer',
        'share="viewer"',
    ),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
def test_wrong_caching_is_a_mistake_at_import(
    wrong: Wrong, imported: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    with pytest.raises(Mistake) as raised:
        imported(wrong.source)
    assert_mistake(raised.value, wrong, tmp_path / "written.py")
