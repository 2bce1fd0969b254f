"""A graph on disk: the nearest `pyproject.toml` with `[tool.graphfold]`, and the packages beside it."""

from __future__ import annotations

import importlib.util
import pkgutil
import sys
import tomllib
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from graphfold.mistakes import Mistake
from graphfold.secret import is_secret_name, looks_like_secret

__all__ = ["Project", "ProjectError"]

_ROOMS = ("schema", "adapters", "resolvers")


class ProjectError(Exception):
    """The project cannot be loaded. The text says what is wrong, where, and how to fix it."""


@dataclass(frozen=True, slots=True)
class Project:
    """The graph's project. `root` is its folder, `sandbox` the command that starts fake backends, if any."""

    root: Path
    title: str
    sandbox: str | None = None

    @classmethod
    def nearest(cls, start: Path) -> Project:
        """Return the project that the folder `start` lies in. Raises `ProjectError` if there is none."""
        for folder in (start, *start.parents):
            declared = _declared(folder / "pyproject.toml")
            if declared is not None:
                title = str(declared.get("title", folder.name))
                sandbox = declared.get("sandbox")
                return cls(folder, title, str(sandbox) if sandbox else None)
        raise ProjectError(
            f"{start}: no pyproject.toml with [tool.graphfold] here or above.\n"
            "  Fix: run graphfold in your graph's folder, or add to its pyproject.toml:\n"
            '  [tool.graphfold]\n  title = "My graph"'
        )

    def import_resolvers(self) -> None:
        """Import every module under resolvers/, and so the adapters and types they need. Raises `ProjectError`."""
        if str(self.root) not in sys.path:
            sys.path.insert(0, str(self.root))
        _check_rooms(self)
        for module in _modules("resolvers", self):
            _import(module, self)


def _declared(file: Path) -> Mapping[str, object] | None:
    if not file.is_file():
        return None
    try:
        tool = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProjectError(f"{file}: this is not valid TOML: {error}") from None
    declared = tool.get("graphfold") if isinstance(tool, dict) else None
    if not isinstance(declared, dict):
        return None
    _check_literals(file, declared)
    return declared


def _check_literals(file: Path, declared: Mapping[str, object]) -> None:
    for name, value in declared.items():
        if isinstance(value, dict):
            _check_literals(file, value)
        elif looks_like_secret(value) or (is_secret_name(name) and value):
            raise ProjectError(
                f"{file}: {name} in [tool.graphfold] looks like a secret, and this file is in every copy of the code.\n"
                "  Fix: remove it, change it where it was issued, and set GRAPHFOLD_<BACKEND>_... in the environment."
            )


def _modules(room: str, project: Project) -> list[str]:
    package = _import(room, project)
    paths = list(getattr(package, "__path__", ()))  # none where the room is one file
    found = [room, *(module.name for module in pkgutil.walk_packages(paths, f"{room}."))]
    _check_found(found, [Path(path) for path in paths], project)
    return found


def _check_found(found: list[str], paths: list[Path], project: Project) -> None:
    """Refuse modules in folders without `__init__.py`, which Python's package walk skips silently."""
    for path in paths:
        for file in sorted(path.rglob("*.py")):
            name = ".".join((found[0], *file.relative_to(path).with_suffix("").parts)).removesuffix(".__init__")
            if name not in found:
                raise ProjectError(
                    f"{_shown(str(file), project)}: this module is never imported.\n"
                    f"  Fix: add {_shown(str(file.with_name('__init__.py')), project)}, or move it."
                )


def _import(name: str, project: Project) -> ModuleType:
    try:
        return importlib.import_module(name)
    except Mistake:
        raise
    except SyntaxError as error:
        raise ProjectError(f"{_shown(error.filename, project)}:{error.lineno}: {error.msg}") from None
    except Exception as error:
        raise ProjectError(f"{_origin(error, project)}: {type(error).__name__}: {error}") from error


def _origin(error: Exception, project: Project) -> str:
    """Return the `file:line` of the innermost traceback frame in the project's own files."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if frame.filename.startswith(str(project.root))]
    inside = [frame for frame in ours if "site-packages" not in frame.filename and not _is_engine(frame.filename)]
    if not inside:
        return str(project.root)
    return f"{_shown(inside[-1].filename, project)}:{inside[-1].lineno}"


def _is_engine(filename: str) -> bool:
    """Tell whether a file belongs to this package. Paths decide, since a project's folder may be named graphfold."""
    return Path(filename).is_relative_to(Path(__file__).parents[1])


def _shown(filename: str | None, project: Project) -> str:
    path = Path(filename or "?")
    return str(path.relative_to(project.root)) if path.is_relative_to(project.root) else str(path)


def _check_rooms(project: Project) -> None:
    """Refuse a `schema`, `adapters` or `resolvers` package of another distribution.

    This is checked before anything is imported; a wrong package would otherwise surface as an unrelated ImportError.
    """
    for room in _ROOMS:
        spec = importlib.util.find_spec(room)
        file = spec.origin if spec is not None else None
        if file is not None and not Path(file).resolve().is_relative_to(project.root):
            raise ProjectError(
                f"{room}: comes from {file}, not from {project.root}.\n"
                f"  Fix: uninstall the distribution that brings a package of this name, or add {room}/__init__.py."
            )
