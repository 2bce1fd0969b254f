"""SOAP servers of other frameworks as child processes, each on a free port for the length of a `with` block."""

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
    """Serve these records with node-soap; yield the server's URL."""
    with _child([_node(), str(PEERS / script), str(wsdl)], {}) as child:
        assert child.stdin and child.stdout
        child.stdin.write(json.dumps(books) + "\n")
        child.stdin.flush()
        yield json.loads(child.stdout.readline())["url"]


@contextmanager
def php(script: str, environment: Mapping[str, str]) -> Iterator[str]:
    """Run a script in PHP's web server; yield its URL. Skip the test without PHP and its soap extension."""
    command = shutil.which("php")
    if command is None or "soap" not in _modules(command):
        pytest.skip("no php with its soap extension (apt install php-cli php-soap)")
    server = [command, "-S", "127.0.0.1:0", str(PEERS / script)]
    with _child(server, environment) as child:
        assert child.stderr
        address = re.search(r"http://[0-9.:]+", child.stderr.readline())
        assert address
        yield address[0]


@cache
def _modules(command: str) -> list[str]:
    return subprocess.run([command, "-m"], check=True, capture_output=True, text=True).stdout.lower().split()


@cache
def _node() -> str:
    """Install the packages of the SOAP servers where missing; return the node that also builds the web page."""
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
