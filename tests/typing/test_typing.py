"""Type checkers know the types of loads and reject misuse."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

Refused = dict[str, set[int]]
"""By name of a file: its lines that a checker refuses."""


def mypy(files: list[str], cache: Path) -> Refused:
    options = ("--strict", "--config-file", "", "--cache-dir", str(cache), "--output", "json", "--no-error-summary")
    diagnostics = [json.loads(line) for line in _run("mypy", *options, *files).splitlines()]
    return _by_file((error["file"], error["line"]) for error in diagnostics if error["severity"] == "error")


def pyright(files: list[str], cache: Path) -> Refused:
    settings = cache / "pyrightconfig.json"
    settings.write_text(json.dumps({"include": files, "extraPaths": [str(ROOT)], "typeCheckingMode": "standard"}))
    report = json.loads(_run("pyright", "--outputjson", "--pythonpath", sys.executable, "-p", str(settings)))
    assert report["summary"]["filesAnalyzed"] == len(files), report
    errors = [error for error in report["generalDiagnostics"] if error["severity"] == "error"]
    return _by_file((error["file"], error["range"]["start"]["line"] + 1) for error in errors)


@pytest.mark.slow
@pytest.mark.parametrize("checker", [mypy, pyright])
def test_type_checkers_accept_correct_use_and_reject_each_misuse(
    checker: Callable[[list[str], Path], Refused], tmp_path: Path
) -> None:
    names = ("accepted.py", "refused.txt")
    files = [tmp_path / Path(name).with_suffix(".py").name for name in names]
    for name, file in zip(names, files, strict=True):
        file.write_text((HERE / name).read_text())
    lines = files[1].read_text().splitlines()
    wrong = {number for number, text in enumerate(lines, 1) if "# no:" in text}
    assert checker([str(file) for file in files], tmp_path) == {"refused.py": wrong}


def _run(module: str, *arguments: str) -> str:
    command = [sys.executable, "-m", module, *arguments]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode in (0, 1), ran.stderr + ran.stdout
    return ran.stdout


def _by_file(errors: Iterable[tuple[str, int]]) -> Refused:
    found: Refused = {}
    for file, line in errors:
        found.setdefault(Path(file).name, set()).add(line)
    return found
