"""Sends README's requests to a running gateway and compares the answers with those shown."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import httpx

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def requests() -> list[tuple[str, str]]:
    """Return each call of curl with the answer shown below it, or an empty text."""
    blocks = re.findall(r"^```console\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    return [
        request for block in blocks for request in re.findall(r"^\$ (curl .*)\n((?:[^$\n].*\n)*)", block, re.MULTILINE)
    ]


def send(command: str, dev_server: Any) -> httpx.Response:
    *options, url = re.sub(r" --json '.*'", "", command).split()
    [*_, body] = shlex.split(command)
    url = url.replace("http://127.0.0.1:8000/graphql", dev_server.url).replace(
        "http://127.0.0.1:8001", dev_server.sandbox
    )
    url = url.replace("http://127.0.0.1:8000", dev_server.url.removesuffix("/graphql"))
    if "--json" in command:
        return httpx.post(url, json=json.loads(body))
    return httpx.request("DELETE" if "DELETE" in options else "GET", url)


def test_readme_requests_are_answered_as_shown(dev_server: Any) -> None:
    commands = requests()
    assert len(commands) == 5
    assert "DELETE" in commands[-1][0]  # removes the fault again, since other tests share the server
    try:
        for command, shown in commands:
            response = send(command, dev_server)
            assert response.is_success
            body = re.sub(r'"requestId":"\w+"', '"requestId":"..."', response.text)
            assert body == shown.strip(), command
    finally:
        send(commands[-1][0], dev_server)
