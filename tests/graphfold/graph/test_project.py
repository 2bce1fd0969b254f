"""Projects on disk: found from any folder inside, imported completely, with clear errors for what is wrong."""

from pathlib import Path

import pytest

from graphfold.graph.project import Project, ProjectError
from tests.python import python

QUERY = """
import strawberry
from graphfold import resolves

@strawberry.type
class Query:
    pass

@resolves(Query)
def name() -> str:
    "The name."
    return "Ann"
"""

LOAD = """
import graphfold
from graphfold.graph.project import ProjectError
from graphfold.mistakes import Mistake
try:
    print(sorted(field.name for field in graphfold.load().schema.query.__strawberry_definition__.fields))
except (ProjectError, Mistake) as error:
    print(error)
"""


def loaded(root: Path, files: dict[str, str]) -> str:
    """What loading says, in a process of its own: rooms are imported by their names."""
    rooms = dict.fromkeys(("schema/__init__.py", "adapters/__init__.py"), "")
    declared = {"pyproject.toml": '[tool.graphfold]\ntitle = "Mine"\n', **rooms, **files}
    for name, text in declared.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    ran = python("-c", LOAD, cwd=root)
    assert not ran.stderr
    return ran.stdout.strip()


def test_every_module_under_resolvers_is_imported(tmp_path: Path) -> None:
    more = (
        "from resolvers.names import Query\nfrom graphfold import resolves\n\n@resolves(Query)\ndef age() -> int: ...\n"
    )
    files = {"resolvers/__init__.py": "", "resolvers/names.py": QUERY, "resolvers/sub/__init__.py": more}
    assert loaded(tmp_path, files) == "['age', 'name']"


def test_resolvers_may_be_a_single_module(tmp_path: Path) -> None:
    assert loaded(tmp_path, {"resolvers.py": QUERY}) == "['name']"


WRONG = {
    "syntax": ({"resolvers.py": "def (\n"}, "resolvers.py:1: invalid syntax"),
    "import": (
        {"resolvers.py": "\nimport nowhere\n"},
        "resolvers.py:2: ModuleNotFoundError: No module named 'nowhere'",
    ),
    "defect": ({"resolvers.py": "\n\n1 / 0\n"}, "resolvers.py:3: ZeroDivisionError: division by zero"),
    "mistake": (
        {"resolvers.py": "from graphfold import RestAdapter\n\nclass Crm(RestAdapter):\n    name = 'No!'\n"},
        "resolvers.py:3: Crm: name='No!' is not a backend's name",
    ),
    "folder that Python passes over": (
        {"resolvers/__init__.py": QUERY, "resolvers/more/ages.py": ""},
        "resolvers/more/ages.py: this module is never imported.\n  Fix: add resolvers/more/__init__.py, or move it.",
    ),
}


@pytest.mark.parametrize(("files", "message"), WRONG.values(), ids=WRONG.keys())
def test_project_error_names_the_file(files: dict[str, str], message: str, tmp_path: Path) -> None:
    assert message in loaded(tmp_path, files)


def test_project_folder_may_be_named_graphfold(tmp_path: Path) -> None:
    files, message = WRONG["defect"]
    assert message in loaded(tmp_path / "graphfold", files)


def test_nearest_project_is_found_from_a_subfolder(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text('[tool.graphfold]\ntitle = "Mine"\n')
    (tmp_path / "a/pyproject.toml").write_text("[tool.other]\n")
    assert Project.nearest(tmp_path / "a/b") == Project(tmp_path, "Mine")


def test_missing_project_error_names_the_fix(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"no pyproject.toml with \[tool.graphfold\]"):
        Project.nearest(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool.")
    with pytest.raises(ProjectError, match=r"pyproject.toml: this is not valid TOML"):
        Project.nearest(tmp_path)
