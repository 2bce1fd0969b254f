"""The pages in a real browser that can reach no other host."""

from __future__ import annotations

import pytest

from graphfold.server.ide import assets_ready
from tests.frontend.chromium import Chromium, Tab
from tests.frontend.gateway import serving, small_graph

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

EDITOR = "document.querySelector('.graphiql-query-editor .view-lines')?.innerText"
RESULT = "document.querySelector('.graphiql-response .view-lines')?.innerText"


async def test_graphiql_shows_its_editor_and_answers_the_first_tab(gateway: str, browser: Chromium) -> None:
    tab = await open_graphiql(browser, gateway)
    assert "Hello" in await tab.wait_for(EDITOR)
    assert await tab.evaluate("document.title") == "A small graph"
    await tab.click(".graphiql-execute-button")
    assert await tab.wait_for(f"{RESULT}?.includes('Ada.')")
    assert ("POST", f"{gateway}/graphql") in tab.requests
    assert stays_on(gateway, tab)
    assert tab.complaints == []


async def test_every_example_has_a_tab(gateway: str, browser: Chromium) -> None:
    tab = await open_graphiql(browser, gateway)
    titles = await tab.wait_for("(() => { const tabs = document.querySelectorAll('.graphiql-tab-button');"
                                " return tabs.length && [...tabs].map((tab) => tab.innerText) })()")  # fmt: skip
    assert titles == ["Hello", "Closing"]


async def test_page_without_examples_works(browser: Chromium) -> None:
    with serving(small_graph(tabs=())) as gateway:
        tab = await open_graphiql(browser, gateway)
        assert "Welcome" in await tab.wait_for(EDITOR)


async def test_documentation_and_explorer_open(gateway: str, browser: Chromium) -> None:
    tab = await open_graphiql(browser, gateway)
    await tab.click("[aria-label='Show Documentation Explorer']")
    assert await tab.wait_for("document.querySelector('.graphiql-plugin')?.innerText.includes('Root Types')")
    await tab.click("[aria-label='Show GraphiQL Explorer']")
    assert await tab.wait_for("document.querySelector('.graphiql-plugin')?.innerText.includes('greeting')")
    assert tab.complaints == []


async def test_foreign_local_storage_does_not_affect_the_page(gateway: str, browser: Chromium) -> None:
    litter = "for (const key of ['tabState', 'query', 'variables']) localStorage.setItem('graphiql:' + key, '{litter')"
    before = await browser.new_tab()
    await before.open(f"{gateway}/graphql/static/licenses.txt")
    await before.evaluate(litter)
    tab = await open_graphiql(browser, gateway)
    assert "Hello" in await tab.wait_for(EDITOR)


async def test_plain_form_names_the_build_command_and_sends_queries(bare_gateway: str, browser: Chromium) -> None:
    tab = await browser.new_tab()
    await tab.open(f"{bare_gateway}/graphql")
    await tab.click("button")
    assert "Ada." in await tab.wait_for("document.querySelector('#answer').innerText")
    assert "HTTP 200" in await tab.evaluate("document.querySelector('#status').innerText")
    assert "make assets" in await tab.evaluate("document.body.innerText")
    assert stays_on(bare_gateway, tab)
    assert tab.complaints == []


async def test_plain_form_reports_variables_that_are_not_json(bare_gateway: str, browser: Chromium) -> None:
    tab = await browser.new_tab()
    await tab.open(f"{bare_gateway}/graphql")
    await tab.evaluate("document.querySelector('[name=variables]').value = '{name: Ada}'")
    await tab.click("button")
    assert await tab.wait_for("document.querySelector('#answer').innerText")
    assert await tab.evaluate("document.querySelector('#status').innerText") == "The variables are not JSON"


async def open_graphiql(browser: Chromium, gateway: str) -> Tab:
    assert assets_ready(), "GraphiQL has not been built: run `make assets`"
    tab = await browser.new_tab()
    await tab.open(f"{gateway}/graphql")
    return tab


def stays_on(gateway: str, tab: Tab) -> bool:
    return all(url.startswith((gateway, "data:")) for _, url in tab.requests)
