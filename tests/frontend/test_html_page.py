"""The page as text: what the server writes into it, and what it may load."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from graphfold.server.ide import CSP, Tab, assets_ready, render_page

HOSTILE = "</script><!--<script>alert('é')//"


@pytest.fixture
def built(tmp_path: Path) -> Path:
    (tmp_path / ".stamp").write_text("0123456789abcdef")
    return tmp_path


def settings_in(html: bytes) -> dict[str, Any]:
    [text] = re.findall(r'<script type="application/json" id="graphfold">(.*?)</script>', html.decode(), re.DOTALL)
    return json.loads(text)  # type: ignore[no-any-return]


def test_the_bundle_is_loaded_from_below_the_endpoint(built: Path) -> None:
    html = render_page(title="T", endpoint="/api/graphql", tabs=(), static=built).decode()
    assert 'src="/api/graphql/static/page.js?0123456789ab"' in html
    assert 'href="/api/graphql/static/page.css?0123456789ab"' in html
    assert "http://" not in html.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in html


def test_without_the_bundle_there_is_a_form_that_names_the_command(tmp_path: Path) -> None:
    html = render_page(title="T", endpoint="/graphql", tabs=(), static=tmp_path / "missing").decode()
    assert "<form>" in html
    assert "make assets" in html
    assert "static" not in html


@pytest.mark.parametrize("assets", [True, False])
def test_nothing_in_an_example_ends_the_script_it_stands_in(assets: bool, built: Path, tmp_path: Path) -> None:
    tabs = [Tab(HOSTILE, HOSTILE, json.dumps({"name": HOSTILE})), Tab("Second", "{ a }")]
    html = render_page(title=HOSTILE, endpoint="/graphql", tabs=tabs, static=built if assets else tmp_path / "missing")
    expected = [{"title": tab.title, "query": tab.query, "variables": tab.variables} for tab in tabs]
    assert settings_in(html) == {"title": HOSTILE, "endpoint": "/graphql", "tabs": expected}
    assert HOSTILE.encode() not in html


def test_the_title_is_escaped(built: Path) -> None:
    html = render_page(title="Fish & <b>Chips</b>", endpoint="/graphql", tabs=(), static=built).decode()
    assert "<title>Fish &amp; &lt;b&gt;Chips&lt;/b&gt;</title>" in html


def test_a_bundle_counts_once_it_is_there(built: Path, tmp_path: Path) -> None:
    assert assets_ready(built)
    assert not assets_ready(tmp_path / "missing")


def test_the_policy_allows_neither_eval_nor_another_host_nor_a_frame() -> None:
    assert "unsafe-eval" not in CSP
    assert "http" not in CSP
    assert "frame-ancestors 'none'" in CSP
    [scripts] = re.findall(r"script-src ([^;]*)", CSP)
    assert re.fullmatch(r"'self' 'sha256-[A-Za-z0-9+/=]{44}'", scripts)
