"""The HTML of the page: what the server inserts, and what the page may load."""

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


def test_bundle_urls_are_below_the_endpoint(built: Path) -> None:
    html = render_page(title="T", endpoint="/api/graphql", tabs=(), static=built).decode()
    assert 'src="/api/graphql/static/page.js?0123456789ab"' in html
    assert 'href="/api/graphql/static/page.css?0123456789ab"' in html
    assert "http://" not in html.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in html


def test_missing_bundle_gives_a_form_with_the_build_command(tmp_path: Path) -> None:
    html = render_page(title="T", endpoint="/graphql", tabs=(), static=tmp_path / "missing").decode()
    assert "<form>" in html
    assert "make assets" in html
    assert "static" not in html


@pytest.mark.parametrize("assets", [True, False])
def test_example_cannot_end_its_script_element(assets: bool, built: Path, tmp_path: Path) -> None:
    tabs = [Tab(HOSTILE, HOSTILE, json.dumps({"name": HOSTILE})), Tab("Second", "{ a }")]
    html = render_page(title=HOSTILE, endpoint="/graphql", tabs=tabs, static=built if assets else tmp_path / "missing")
    expected = [{"title": tab.title, "query": tab.query, "variables": tab.variables} for tab in tabs]
    assert settings_in(html) == {"title": HOSTILE, "endpoint": "/graphql", "tabs": expected}
    assert HOSTILE.encode() not in html


def test_the_title_is_escaped(built: Path) -> None:
    html = render_page(title="Fish & <b>Chips</b>", endpoint="/graphql", tabs=(), static=built).decode()
    assert "<title>Fish &amp; &lt;b&gt;Chips&lt;/b&gt;</title>" in html


def test_assets_ready_once_the_stamp_exists(built: Path, tmp_path: Path) -> None:
    assert assets_ready(built)
    assert not assets_ready(tmp_path / "missing")


def test_csp_forbids_eval_other_hosts_and_frames() -> None:
    assert "unsafe-eval" not in CSP
    assert "http" not in CSP
    assert "frame-ancestors 'none'" in CSP
    [scripts] = re.findall(r"script-src ([^;]*)", CSP)
    assert re.fullmatch(r"'self' 'sha256-[A-Za-z0-9+/=]{44}'", scripts)
