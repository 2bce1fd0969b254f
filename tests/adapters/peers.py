"""SOAP servers of other makes as child processes: on a free port, gone with their block."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from tests.e2e.gateway import ROOT

PEERS = ROOT / "tests" / "soap_peers"
BUILD = ROOT / "frontend" / "build.py"


@contextmanager
def node_soap(script: str, wsdl: Path, books: dict[str, Any]) -> Iterator[str]:
    """The address of a node-soap server with these books."""
    with _child([_node(), str(PEERS / script), str(wsdl)]) as child:
        assert child.stdin and child.stdout
        child.stdin.write(json.dumps(books) + "\n")
        child.stdin.flush()
        yield json.loads(child.stdout.readline())["url"]


@cache
def _node() -> str:
    """The node that the page is built with; the peers' packages are installed with it unless they are there."""
    for arguments in (["--install", str(PEERS)], ["--print-node"]):
        done = subprocess.run([sys.executable, str(BUILD), *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@contextmanager
def _child(command: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        try:
            yield child
        finally:
            child.kill()
