"""Sends README's requests to a running demo and compares the answers with those shown."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import httpx

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def requests() -> list[tuple[str, str]]:
    """Each call of curl with the answer that is shown, empty where none is."""
    blocks = re.findall(r"^```console\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    return [found for block in blocks for found in re.findall(r"^\$ (curl .*)\n((?:[^$\n].*\n)*)", block, re.MULTILINE)]


def sent(command: str, demo: Any) -> httpx.Response:
    *options, url = re.sub(r" --json '.*'", "", command).split()
    [*_, body] = shlex.split(command)
    url = url.replace("http://127.0.0.1:8000/graphql", demo.url).replace("http://127.0.0.1:8001", demo.sandbox)
    url = url.replace("http://127.0.0.1:8000", demo.url.removesuffix("/graphql"))
    if "--json" in command:
        return httpx.post(url, json=json.loads(body))
    return httpx.request("DELETE" if "DELETE" in options else "GET", url)


def test_readme_requests_are_answered_as_shown(own_demo: Any) -> None:
    commands = requests()
    assert len(commands) == 5
    for command, shown in commands:
        answer = sent(command, own_demo)
        assert answer.is_success
        body = re.sub(r'"requestId":"\w+"', '"requestId":"..."', answer.text)
        assert body == shown.strip(), command
    own_demo.running.end()
