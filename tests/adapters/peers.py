"""SOAP servers of other makes as child processes: on a free port, gone with their block."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.gateway import ROOT

PEERS = ROOT / "tests" / "soap_peers"
BUILD = ROOT / "frontend" / "build.py"


@contextmanager
def node_soap(script: str, wsdl: Path, books: dict[str, Any]) -> Iterator[str]:
    """The address of a node-soap server with these books."""
    with _child([_node(), str(PEERS / script), str(wsdl)], {}) as child:
        assert child.stdin and child.stdout
        child.stdin.write(json.dumps(books) + "\n")
        child.stdin.flush()
        yield json.loads(child.stdout.readline())["url"]


@contextmanager
def php(script: str, environment: Mapping[str, str]) -> Iterator[str]:
    """The address of a PHP server; the test is skipped where there is no PHP with its soap extension."""
    command = shutil.which("php")
    if command is None or "soap" not in _modules(command):
        pytest.skip("no php with its soap extension (apt install php-cli php-soap)")
    served = [command, "-S", "127.0.0.1:0", str(PEERS / script)]
    with _child(served, environment) as child:
        assert child.stderr
        found = re.search(r"http://[0-9.:]+", child.stderr.readline())
        assert found
        yield found[0]


@cache
def _modules(command: str) -> list[str]:
    return subprocess.run([command, "-m"], check=True, capture_output=True, text=True).stdout.lower().split()


@cache
def _node() -> str:
    """The node that the page is built with; the peers' packages are installed with it unless they are there."""
    for arguments in (["--install", str(PEERS)], ["--print-node"]):
        done = subprocess.run([sys.executable, str(BUILD), *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@contextmanager
def _child(command: Sequence[str], environment: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    pipe, variables = subprocess.PIPE, {**os.environ, **environment}
    with subprocess.Popen(command, env=variables, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as child:
        try:
            yield child
        finally:
            child.kill()
