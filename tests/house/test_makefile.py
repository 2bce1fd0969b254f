"""The Makefile on different machines: fake programs on PATH record how they are called."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SUITE = "pytest -rs -m not slow --numprocesses auto --maxprocesses 8 --dist worksteal"
UV = """#!/bin/sh
[ "$1" = --version ] && echo "uv 0.9.0" && exit
echo "uv $* [downloads $UV_PYTHON_DOWNLOADS]" >> "{log}"
"""
UV_WITHOUT_PYTHON = """#!/bin/sh
[ "$1" = --version ] && echo "uv 0.9.0" && exit
exit 2
"""
SHIM = """#!/bin/sh
echo "pyenv: $0: command not found" >&2
exit 127
"""
PYTHON = """#!/bin/sh
case "$*" in
  --version) echo "Python 3.11.2" ;;
  "-m venv .tools/uv") {venv} ;;
  "-m pip install --target .tools/uv uv") {pip} ;;
esac
"""
OLD_PYTHON = """#!/bin/sh
[ "$1" = --version ] && echo "Python 3.9.2" && exit
exit 1
"""
VENV = 'mkdir -p .tools/uv/bin && cp "{self}" .tools/uv/bin/python && cp "{uv}" .tools/uv/bin/uv'
HALF_A_VENV = "mkdir -p .tools/uv/bin && echo The virtual environment was not created: no ensurepip && exit 1"
PIP = 'mkdir -p .tools/uv/bin && cp "{uv}" .tools/uv/bin/uv'
NO_PIP = "echo /usr/bin/python3: No module named pip && exit 1"

pytestmark = pytest.mark.skipif(not shutil.which("make"), reason="there is no make here (apt-get install make)")


class Machine:
    """A checkout's Makefile, a home, and a PATH with a bare system's programs and the fakes of the test."""

    def __init__(self, root: Path) -> None:
        self.checkout = root / "a checkout"
        self.programs = root / "programs"
        self.home = root / "home"
        self.log = root / "log"
        for folder in (self.checkout, self.programs, self.home):
            folder.mkdir()
        for name in ("make", "sh", "sed", "awk", "mkdir", "rm", "cp", "tail", "bash", "dirname"):
            (self.programs / name).symlink_to(shutil.which(name) or name)
        shutil.copy(ROOT / "Makefile", self.checkout)
        self.spare_uv = self.put("spare-uv", UV.format(log=self.log))

    def put(self, name: str, text: str, folder: Path | None = None) -> Path:
        file = (folder or self.programs) / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(0o755)
        return file

    def put_uv(self, folder: Path | None = None) -> None:
        self.put("uv", UV.format(log=self.log), folder)

    def put_python(self, venv: str, pip: str) -> None:
        fill = {"self": self.programs / "python3", "uv": self.spare_uv}
        self.put("python3", PYTHON.format(venv=venv.format(**fill), pip=pip.format(**fill)))

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": str(self.programs), "HOME": str(self.home)}
        return subprocess.run(
            command, cwd=self.checkout, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            check=False,
        )  # fmt: skip

    @property
    def calls(self) -> list[str]:
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        assert all(line.endswith(" [downloads never]") for line in lines)
        return [line.removesuffix(" [downloads never]") for line in lines]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_help_lists_every_command_without_setup(machine: Machine) -> None:
    described = re.findall(r"^([\w-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE)
    outcome = machine.run("make")
    assert outcome.returncode == 0
    assert re.findall(r"make ([\w-]+)", outcome.stdout) == described
    assert {"demo", "test", "check", "bench", "assets", "clean", "help"} <= set(described)
    assert not (machine.checkout / ".tools").exists()


def test_make_test_sets_up_before_the_suite(machine: Machine) -> None:
    machine.put_uv()
    outcome = machine.run("make", "test", "ARGS=-k orders")
    assert outcome.returncode == 0, outcome.stdout
    assert machine.calls == [
        "uv python find",
        "uv sync --locked",
        "uv run --no-sync python frontend/build.py",
        f"uv run --no-sync {SUITE} -k orders",
    ]
    assert outcome.stdout == "setup: installing the Python dependencies into .venv (once)\n"


def test_make_demo_passes_arguments_on(machine: Machine) -> None:
    machine.put_uv()
    machine.run("make", "demo", "ARGS=--port 9000")
    assert machine.calls[-2:] == [
        "uv run --no-sync python frontend/build.py",
        "uv run --no-sync graphfold dev --port 9000",
    ]


def test_make_demo_runs_without_graphiql_if_its_build_fails(machine: Machine) -> None:
    failing = 'case "$*" in *build.py*) exit 1 ;; esac\n'
    machine.put("uv", UV.format(log=machine.log) + failing)
    outcome = machine.run("make", "demo")
    assert outcome.returncode == 0
    assert "without GraphiQL" in outcome.stdout
    assert machine.calls[-1] == "uv run --no-sync graphfold dev"


def test_uv_is_found_in_the_installers_folder(machine: Machine) -> None:
    machine.put_uv(machine.home / ".local" / "bin")
    assert machine.run("make", "setup").returncode == 0
    assert machine.calls == ["uv python find", "uv sync --locked"]


def test_broken_uv_shim_is_skipped(machine: Machine) -> None:
    machine.put("uv", SHIM)
    machine.put_uv(machine.home / ".local" / "bin")
    assert machine.run("make", "setup").returncode == 0
    assert machine.calls == ["uv python find", "uv sync --locked"]


@pytest.mark.parametrize(("venv", "pip"), [(VENV, NO_PIP), (HALF_A_VENV, PIP)], ids=["venv", "pip install --target"])
def test_missing_uv_is_installed_into_the_checkout(machine: Machine, venv: str, pip: str) -> None:
    machine.put_python(venv, pip)
    outcome = machine.run("make", "setup")
    assert outcome.returncode == 0, outcome.stdout
    assert outcome.stdout.startswith("setup: there is no uv here; getting it into .tools/uv")
    assert machine.calls == ["uv python find", "uv sync --locked"]
    again = machine.run("make", "setup")
    assert "getting" not in again.stdout
    assert list(machine.home.iterdir()) == []


def test_python_without_venv_and_pip_names_the_packages_to_install(machine: Machine) -> None:
    machine.put_python(HALF_A_VENV, NO_PIP)
    outcome = machine.run("make", "setup")
    assert outcome.returncode != 0
    assert "No module named pip" in outcome.stdout
    assert "apt install python3-venv" in outcome.stdout
    assert not (machine.checkout / ".tools" / "uv").exists()


@pytest.mark.parametrize("with_uv", [False, True])
def test_too_old_python_is_named(machine: Machine, with_uv: bool) -> None:
    machine.put("python3", OLD_PYTHON)
    if with_uv:
        machine.put("uv", UV_WITHOUT_PYTHON)
    outcome = machine.run("make", "test")
    assert outcome.returncode != 0
    assert "needs Python 3.11 or newer" in outcome.stdout
    assert "Python 3.9.2" in outcome.stdout


def test_unwritable_home_is_replaced(machine: Machine) -> None:
    machine.put("uv", UV.format(log=machine.log) + f'echo "$HOME" > "{machine.checkout}/home"\n')
    machine.home = machine.home / "missing"
    machine.run("make", "setup")
    assert (machine.checkout / "home").read_text().strip() == f"{machine.checkout}/.tools/home"


def test_slow_tests_get_their_soap_servers_first(machine: Machine) -> None:
    machine.put_uv()
    machine.run("make", "test-all")
    assert machine.calls[3:5] == [
        "uv run --no-sync python frontend/build.py --install tests/soap_peers",
        "uv run --no-sync pytest -rs -m slow --numprocesses auto --maxprocesses 8 --dist worksteal",
    ]


def test_continuous_integration_runs_lint_tests_and_slow_tests(machine: Machine) -> None:
    machine.put_uv()
    script = machine.put("run", (ROOT / ".ci/run").read_text(), machine.checkout / ".ci")
    assert machine.run("bash", str(script)).returncode == 0
    runs = [call.removeprefix("uv run --no-sync ") for call in machine.calls]
    order = ["ruff format --check .", "ruff check .", "mypy .", "pyright", "lint-imports", SUITE]
    assert [run for run in runs if run in order] == order
    assert any("-m slow" in run for run in runs)


def test_continuous_integration_ends_with_the_last_line_of_failing_tests(machine: Machine) -> None:
    pytest_run = 'case "$*" in *pytest*) echo "1 failed, 2 passed in 0.01s"; exit 1 ;; esac\n'
    machine.put("uv", UV.format(log=machine.log) + pytest_run)
    script = machine.put("run", (ROOT / ".ci/run").read_text(), machine.checkout / ".ci")
    outcome = machine.run("bash", str(script))
    assert outcome.returncode != 0
    assert "1 failed, 2 passed" in "".join(outcome.stdout.splitlines()[-2:])
    assert machine.calls[-1] == f"uv run --no-sync {SUITE}"
