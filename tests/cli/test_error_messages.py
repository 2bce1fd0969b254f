"""Problems that stop a command are one clear message with a fix, never a traceback (`run` asserts that)."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from graphfold.cli.main import main

RunStopped = Callable[..., str]


@pytest.fixture
def taken_port() -> Iterator[int]:
    """Yield a port that is in use."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield int(other.getsockname()[1])


@pytest.fixture
def run_stopped(tiny: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> RunStopped:
    """Run a command of the tiny project that cannot start; return its stderr."""
    monkeypatch.chdir(tiny.folder)

    def run(*arguments: str) -> str:
        assert main(arguments) == 1
        return capfd.readouterr().err

    return run


@pytest.fixture
def with_sandbox(tiny: Any) -> Callable[[str, str], None]:
    """Give the tiny project a sandbox: a command, and the source of `box.py`."""

    def declare(command: str, source: str) -> None:
        (tiny.folder / "box.py").write_text(source)
        declaration = tiny.folder / "pyproject.toml"
        declaration.write_text(f'{declaration.read_text()}sandbox = "{command}"\n')

    return declare


@pytest.mark.parametrize("command", ["dev", "serve"])
def test_taken_port_stops_with_a_fix(run_stopped: RunStopped, taken_port: int, command: str) -> None:
    assert run_stopped(command, "--port", str(taken_port)) == (
        f"graphfold: Port {taken_port} of 127.0.0.1 is taken by another program.\n"
        f"  Fix: stop that program, or choose another port: --port {taken_port + 10} (--port 0 takes any free one).\n"
    )


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("print('hello')", "(`python box.py`) printed b'hello\\n' instead of its ready line."),
        ("import sys; sys.exit('no database')", "did not start; it ended with exit code 1 (see above)."),
        ("""print('{"ready": true, "url": "http://127.0.0.1:1"}')""", "The sandbox did not return its settings at"),
    ],
)
def test_sandbox_that_does_not_start_stops_with_a_fix(
    run_stopped: RunStopped, with_sandbox: Callable[[str, str], None], source: str, message: str
) -> None:
    with_sandbox("python box.py", source)
    printed = run_stopped("dev", "--port", "0", "--sandbox-port", "0")
    assert message in printed
    assert "--no-sandbox" in printed


def test_sandbox_command_that_does_not_exist_stops(
    run_stopped: RunStopped, with_sandbox: Callable[[str, str], None]
) -> None:
    with_sandbox("no-such-program --x", "")
    printed = run_stopped("dev", "--port", "0", "--sandbox-port", "0")
    assert "cannot be started: no-such-program --x --port 0 --with-parent: No such file or directory." in printed


def test_taken_sandbox_port_stops_with_a_fix(
    run_stopped: RunStopped, with_sandbox: Callable[[str, str], None], taken_port: int
) -> None:
    with_sandbox("python box.py", "raise AssertionError('started')")
    printed = run_stopped("dev", "--port", "0", "--sandbox-port", str(taken_port))
    other = f"--sandbox-port {taken_port + 10} (--sandbox-port 0 takes any free one)"
    assert printed == (
        f"graphfold: Port {taken_port} of 127.0.0.1 is taken by another program.\n"
        f"  Fix: stop that program, or choose another port: {other}.\n"
    )


def test_equal_ports_stop_with_a_fix(tiny: Any, with_sandbox: Callable[[str, str], None]) -> None:
    with_sandbox("python box.py", "raise AssertionError('started')")
    printed = tiny.run("dev", "--port", "8301", "--sandbox-port", "8301")
    assert (printed.code, printed.out) == (2, "")
    assert printed.err.startswith("graphfold: --port and --sandbox-port: both are 8301.\n  Fix: ")


def test_folder_without_a_project_stops(run_stopped: RunStopped, tiny: Any) -> None:
    (tiny.folder / "pyproject.toml").unlink()
    assert "no pyproject.toml with [tool.graphfold] here or above" in run_stopped("schema")


@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("check",), ("query", "{ __typename }")])
def test_missing_settings_are_named_by_backend(repository: Any, command: tuple[str, ...]) -> None:
    outcome = repository.run(*command, GRAPHFOLD_CRM_URL="http://127.0.0.1:1")
    assert outcome.code == 1
    assert "graphfold: These settings are missing:\n" in outcome.err
    assert "\n    crm: GRAPHFOLD_CRM_CLIENT_ID, GRAPHFOLD_CRM_CLIENT_SECRET\n" in outcome.err
    assert "\n  Fix: set them" in outcome.err


def test_invalid_setting_is_named(tiny: Any) -> None:
    outcome = tiny.run("serve", "--port", "0", GRAPHFOLD_MAX_DEPTH="deep")
    assert outcome.err == "graphfold: GRAPHFOLD_MAX_DEPTH is 'deep'; it has to be a whole number of at least 1.\n"


def test_invalid_schema_stops_with_a_message(tiny: Any) -> None:
    resolver = "@resolves(Query)\ndef gone() -> Gone:\n    return Gone()\n"
    imports = "from graphfold import resolves\nfrom schema.roots import Query\n"
    (tiny.folder / "resolvers" / "more.py").write_text(f"{imports}\n\nclass Gone:\n    pass\n\n\n{resolver}")
    outcome = tiny.run("check")
    assert outcome.code == 1
    assert "Unexpected type '<class 'resolvers.more.Gone'>'" in outcome.err
