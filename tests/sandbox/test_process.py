"""`python -m sandbox` as a process: its ready line, its end, its errors."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from sandbox.__main__ import main

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "sandbox", "--port", "0", "--customers", "20"]


@contextmanager
def started(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A sandbox process and its URL; killed at the end if it has not ended by itself."""
    pipe = subprocess.PIPE
    with subprocess.Popen([*COMMAND, *arguments], stdin=pipe, stdout=pipe, stderr=pipe, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline()
        finally:
            process.kill()


def test_sandbox_process_prints_one_ready_line() -> None:
    with started() as (process, line):
        assert re.fullmatch(r'\{"ready": true, "url": "http://127\.0\.0\.1:\d+"\}\n', line)
        assert httpx.get(f"{json.loads(line)['url']}/_sandbox/requests").json()["crm"] == 0
        process.terminate()
        assert process.communicate(timeout=5) == ("", "")
        assert process.returncode == 0


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_the_sandbox_process_during_a_hanging_reply(how: signal.Signals) -> None:
    with started() as (process, line):
        url = json.loads(line)["url"]
        httpx.post(f"{url}/_sandbox/faults", json={"backend": "crm", "fault": "latency", "seconds": 3600})
        with pytest.raises(httpx.TimeoutException):
            httpx.get(f"{url}/crm/v2/customers", timeout=0.05)
        with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))) as hanging:
            hanging.sendall(b"GET /crm/v2/customers HTTP/1.1\r\nHost: x\r\n\r\n")
            process.send_signal(how)
            assert process.communicate(timeout=5) == ("", "")
        assert process.returncode == 0


def test_sandbox_process_with_parent_ends_when_stdin_closes() -> None:
    with started("--with-parent") as (process, _):
        assert process.stdin is not None
        process.stdin.write("still here\n")
        process.stdin.close()
        assert process.wait(timeout=5) == 0


def test_port_in_use_is_reported_without_a_traceback(capfd: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["--port", port, "--customers", "1"]) == 1
    output = capfd.readouterr()
    assert output.out == ""
    assert output.err.startswith(f"sandbox: cannot listen on 127.0.0.1:{port}: the port is taken\n")
    assert "Traceback" not in output.err


@pytest.mark.parametrize("wrong", [["--port", "70000"], ["--customers", "0"], ["--port", "http"]])
def test_invalid_sandbox_option_is_explained(wrong: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(wrong)
    assert f"argument {wrong[0]}" in capfd.readouterr().err
