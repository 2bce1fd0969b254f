"""GraphiQL in front of the real gateway, as `make demo` shows it, in a browser that can reach no other host."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import pytest

import graphfold
from sandbox.credentials import variables
from tests.e2e.gateway import ROOT
from tests.frontend.chromium import Chromium, chromium, find_chromium
from tests.frontend.gateway import serving
from tests.frontend.test_browser import EDITOR, RESULT, open_graphiql, stays_on

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


@pytest.fixture
async def browser() -> AsyncIterator[Chromium]:
    program = find_chromium()
    if program is None:
        pytest.skip("no Chromium on PATH or in $CHROME, so nobody looked at the page (apt-get install chromium)")
    async with chromium(program) as browser:
        yield browser


async def test_graphiql_first_tab_is_answered_by_the_backends(shared_sandbox: str, browser: Chromium) -> None:
    graph = graphfold.load(ROOT, environment={**os.environ, **variables(shared_sandbox)})
    with serving(graph.app(development=True)) as url:
        tab = await open_graphiql(browser, url)
        assert "OneCustomer" in await tab.wait_for(EDITOR)
        assert await tab.evaluate("document.title") == "The reference graph"
        await tab.click(".graphiql-execute-button")
        assert await tab.wait_for(f"{RESULT}?.includes('Fontaine')")
        assert ("POST", f"{url}/graphql") in tab.requests
        assert stays_on(url, tab)
        assert tab.complaints == []
