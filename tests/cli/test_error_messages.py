"""Problems that stop a command are one clear message with a fix, never a traceback (`run` asserts that)."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from graphfold.cli.main import main

Stopped = Callable[..., str]


@pytest.fixture
def taken() -> Iterator[int]:
    """Yield a port that is in use."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield int(other.getsockname()[1])


@pytest.fixture
def stopped(tiny: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Stopped:
    """Run a command of the tiny project that cannot start; return its stderr."""
    monkeypatch.chdir(tiny.folder)

    def run(*arguments: str) -> str:
        assert main(arguments) == 1
        return capfd.readouterr().err

    return run


@pytest.fixture
def with_sandbox(tiny: Any) -> Callable[[str, str], None]:
    """Gives the tiny project a sandbox: a command, and the source of `box.py`."""

    def declare(command: str, source: str) -> None:
        (tiny.folder / "box.py").write_text(source)
        declaration = tiny.folder / "pyproject.toml"
        declaration.write_text(f'{declaration.read_text()}sandbox = "{command}"\n')

    return declare


@pytest.mark.parametrize("command", ["dev", "serve"])
def test_taken_port_stops_with_a_fix(stopped: Stopped, taken: int, command: str) -> None:
    assert stopped(command, "--port", str(taken)) == (
        f"graphfold: Port {taken} of 127.0.0.1 is taken by another program.\n"
        f"  Fix: stop that program, or choose another port: --port {taken + 10} (--port 0 takes any free one).\n"
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
    stopped: Stopped, with_sandbox: Callable[[str, str], None], source: str, message: str
) -> None:
    with_sandbox("python box.py", source)
    printed = stopped("dev", "--port", "0", "--sandbox-port", "0")
    assert message in printed
    assert "--no-sandbox" in printed


def test_sandbox_command_that_does_not_exist_stops(stopped: Stopped, with_sandbox: Callable[[str, str], None]) -> None:
    with_sandbox("no-such-program --x", "")
    printed = stopped("dev", "--port", "0", "--sandbox-port", "0")
    assert "cannot be started: no-such-program --x --port 0 --with-parent: No such file or directory." in printed


def test_taken_sandbox_port_stops_with_a_fix(
    stopped: Stopped, with_sandbox: Callable[[str, str], None], taken: int
) -> None:
    with_sandbox("python box.py", "raise AssertionError('started')")
    printed = stopped("dev", "--port", "0", "--sandbox-port", str(taken))
    other = f"--sandbox-port {taken + 10} (--sandbox-port 0 takes any free one)"
    assert printed == (
        f"graphfold: Port {taken} of 127.0.0.1 is taken by another program.\n"
        f"  Fix: stop that program, or choose another port: {other}.\n"
    )


def test_equal_ports_stop_with_a_fix(tiny: Any, with_sandbox: Callable[[str, str], None]) -> None:
    with_sandbox("python box.py", "raise AssertionError('started')")
    printed = tiny.run("dev", "--port", "8301", "--sandbox-port", "8301")
    assert (printed.code, printed.out) == (2, "")
    assert printed.err.startswith("graphfold: --port and --sandbox-port: both are 8301.\n  Fix: ")


def test_folder_without_a_project_stops(stopped: Stopped, tiny: Any) -> None:
    (tiny.folder / "pyproject.toml").unlink()
    assert "no pyproject.toml with [tool.graphfold] here or above" in stopped("schema")


@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("check",), ("query", "{ __typename }")])
def test_missing_settings_are_named_by_backend(repository: Any, command: tuple[str, ...]) -> None:
    ended = repository.run(*command, GRAPHFOLD_CRM_URL="http://127.0.0.1:1")
    assert ended.code == 1
    assert "graphfold: These settings are missing:\n" in ended.err
    assert "\n    crm: GRAPHFOLD_CRM_CLIENT_ID, GRAPHFOLD_CRM_CLIENT_SECRET\n" in ended.err
    assert "\n  Fix: set them" in ended.err


def test_invalid_setting_is_named(tiny: Any) -> None:
    ended = tiny.run("serve", "--port", "0", GRAPHFOLD_MAX_DEPTH="deep")
    assert ended.err == "graphfold: GRAPHFOLD_MAX_DEPTH is 'deep'; it has to be a whole number of at least 1.\n"


def test_invalid_schema_stops_with_a_message(tiny: Any) -> None:
    resolver = "@resolves(Query)\ndef gone() -> Gone:\n    return Gone()\n"
    imports = "from graphfold import resolves\nfrom schema.roots import Query\n"
    (tiny.folder / "resolvers" / "more.py").write_text(f"{imports}\n\nclass Gone:\n    pass\n\n\n{resolver}")
    ended = tiny.run("check")
    assert ended.code == 1
    assert "Unexpected type '<class 'resolvers.more.Gone'>'" in ended.err
