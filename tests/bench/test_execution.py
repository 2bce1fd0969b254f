"""The execution bench: its links run as links."""

from typing import Any

import pytest

from bench.execution import Batch, by_hand, deep, ours

pytestmark = pytest.mark.anyio


async def test_links_create_no_load_per_object(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any) -> Any:
        raise AssertionError("a link was driven")

    monkeypatch.setattr(Batch, "load", refused)
    assert await ours(deep("Linked"))() == await by_hand()
