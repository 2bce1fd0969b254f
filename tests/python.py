"""Run `python -m …` and `python -c …` in processes that have graphfold imported already, which saves most of the start.

They are forked from a process that imports and does nothing else; on platforms without fork they are started. A fork
lacks the settings that Python reads at its start (`PYTHONHASHSEED`) and runs no `atexit` functions: tests of those,
and of the installed package, start Python themselves.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import runpy
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

__all__ = ["python"]

PATIENCE = 60.0
"""Seconds after which a process that does not end is killed; no test waits for it to pass."""
STREAMS = {"stdin": os.O_RDONLY, "stdout": os.O_WRONLY, "stderr": os.O_WRONLY}


def python(
    *arguments: str, cwd: Path, env: Mapping[str, str] | None = None, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run Python to its end, whatever its exit code. `env` is the whole environment; None keeps this process's."""
    environment = dict(os.environ if env is None else env)
    if "forkserver" in multiprocessing.get_all_start_methods():
        return _forked(arguments, cwd, environment, stdin)
    return subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=environment, input=stdin, timeout=PATIENCE,
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def _forked(
    arguments: Sequence[str], cwd: Path, environment: dict[str, str], stdin: str
) -> subprocess.CompletedProcess[str]:
    with TemporaryDirectory() as streams:
        files = [Path(streams, name) for name in STREAMS]
        for file, text in zip(files, (stdin, "", ""), strict=True):
            file.write_text(text, encoding="utf-8")
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["graphfold.cli.main"])
        path = [str(cwd), *filter(None, environment.get("PYTHONPATH", "").split(os.pathsep)), *_installed()]
        process = context.Process(target=_become, args=(arguments, path, cwd, environment, files))
        process.start()
        try:
            process.join(PATIENCE)
            code = process.exitcode
        finally:
            process.kill()
            process.join()
        _, out, err = (file.read_text(encoding="utf-8") for file in files)
        if code is None:
            raise subprocess.TimeoutExpired(arguments, PATIENCE, out, err)
        return subprocess.CompletedProcess(arguments, code, out, err)


def _become(
    arguments: Sequence[str], path: list[str], cwd: Path, environment: dict[str, str], streams: list[Path]
) -> None:
    """Set up this fork as a started process would be (streams, environment, path), then run the module or code."""
    for number, (stream, mode) in enumerate(zip(streams, STREAMS.values(), strict=True)):
        os.dup2(os.open(stream, mode), number)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 (open as long as the process is)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    flag, target, *script_arguments = arguments
    sys.argv = [flag, *script_arguments]
    sys.path[:] = path
    for name in [name for name in sys.modules if name.partition(".")[0] == "tests"]:
        del sys.modules[name]
    if flag == "-m":
        runpy.run_module(target, run_name="__main__", alter_sys=True)
    else:
        main = sys.modules["__main__"] = ModuleType("__main__")
        exec(compile(target, "<string>", "exec"), main.__dict__)  # noqa: S102 (it is what `-c` does)


@cache
def _installed() -> list[str]:
    """Return the import path of a newly started Python."""
    command = [sys.executable, "-P", "-c", "import json, sys; print(json.dumps(sys.path))"]
    without = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    output = subprocess.run(command, env=without, capture_output=True, text=True, check=True).stdout
    return [str(place) for place in json.loads(output)]
