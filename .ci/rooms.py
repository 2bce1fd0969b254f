"""Print the engine's import graph: floors and their rooms, modules in each room, arrows between rooms, and circles.

Usage: python .ci/rooms.py [FOLDER]. A room is a folder or single module directly below FOLDER (default: graphfold).
Every import counts, also those inside functions and under TYPE_CHECKING: a circle that only runs late, or only in the
type checker, still means that neither module can be understood or moved without the other. Exits with 1 if there is a
circle, or an arrow that does not run down. Uses only the standard library, so it runs before anything is installed.
"""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

Graph = Mapping[str, Collection[str]]
"""Each module or room with those that it imports."""

ROOT = Path(__file__).resolve().parents[1]
FLOORS = "The engine's floors"
"""The import contract in `pyproject.toml` that lists the floors."""


def modules(folder: Path) -> dict[str, Path]:
    """Return the dotted names of the modules below a package, with their files."""
    files = sorted(folder.rglob("*.py"))
    parts = {file: file.relative_to(folder.parent).with_suffix("").parts for file in files}
    return {".".join(p[:-1] if p[-1] == "__init__" else p): file for file, p in parts.items()}


def import_graph(folder: Path) -> dict[str, set[str]]:
    """Return each module below a package with the modules of that package that it imports."""
    files = modules(folder)
    return {
        module: {target for target in _imports(ast.parse(file.read_bytes()), folder.name, files) if target != module}
        for module, file in files.items()
    }


def _imports(tree: ast.AST, package: str, known: Collection[str]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == package:
            for alias in node.names:  # `from package.room import name`: a module of the room, or a name in it
                submodule = f"{node.module}.{alias.name}"
                yield submodule if submodule in known else node.module


def room_of(module: str) -> str:
    """Return the room of a module: `rows` for `graphfold.rows.wire`, `errors` for `graphfold.errors`."""
    return module.split(".")[1] if "." in module else "__init__"


def room_graph(graph: Graph) -> dict[str, set[str]]:
    """Return each room with the rooms that its modules import."""
    rooms: dict[str, set[str]] = {}
    for module, targets in graph.items():
        room = room_of(module)
        rooms.setdefault(room, set()).update(room_of(target) for target in targets if room_of(target) != room)
    return rooms


def sizes(folder: Path) -> dict[Path, int]:
    """Return the number of modules directly in each folder of a package, `__init__.py` left out."""
    counts: dict[Path, int] = {}
    for file in modules(folder).values():
        counts[file.parent] = counts.get(file.parent, 0) + (file.name != "__init__.py")
    return counts


def circles(graph: Graph) -> list[list[str]]:
    """Return the groups of modules that all reach one another (the strongly connected components above one)."""
    reachable = {node: _reachable(graph, node) for node in graph}
    groups = {frozenset(other for other in reachable[node] if node in reachable[other]) for node in graph}
    return sorted(sorted(group) for group in groups if len(group) > 1)


def _reachable(graph: Graph, start: str) -> set[str]:
    seen, stack = set[str](), [start]
    while stack:
        for target in graph.get(stack.pop(), ()):
            if target not in seen:
                seen.add(target)
                stack.append(target)
    return seen


def floors(project: Path = ROOT / "pyproject.toml") -> list[list[str]]:
    """Return the floors from top to bottom, as the import contract lists them."""
    contracts = tomllib.loads(project.read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    [layers] = [contract["layers"] for contract in contracts if contract["name"] == FLOORS]
    return [layer.split(" | ") for layer in layers]


def upward_arrows(graph: Graph) -> list[str]:
    """Return the imports between modules whose room is not on a lower floor."""
    floor = {room: float(number) for number, rooms in enumerate(floors()) for room in rooms}
    # The front door is no floor of its own: it is just above the highest room that it imports from.
    floor["__init__"] = min((floor[room] for room in room_graph(graph).get("__init__", ())), default=0) - 0.5
    return [
        f"{module} -> {target}"
        for module, targets in sorted(graph.items())
        for target in sorted(targets)
        if room_of(target) != room_of(module) and floor[room_of(target)] <= floor[room_of(module)]
    ]


def _with_sizes(room: Path, counts: Mapping[Path, int]) -> str:
    """Return a room with the modules in it and in the folders below: `adapter (15, soap 18)`."""
    inner = [f"{folder.name} {count}" for folder, count in counts.items() if folder.parent == room]
    return f"{room.name} ({', '.join([str(counts[room]), *inner])})" if room in counts else room.name


def main(folder: Path) -> int:
    graph = import_graph(folder)
    rooms, counts = room_graph(graph), sizes(folder)
    print("Floors, each importing only from those below; modules in each room:\n")
    for names in floors():
        print(f"  {', '.join(_with_sizes(folder / name, counts) for name in names)}")
    print("\nArrows:\n")
    for room in sorted(rooms):
        print(f"  {room} -> {', '.join(sorted(rooms[room])) or '(nothing)'}")
    wrong = upward_arrows(graph)
    print("\nArrows that do not run down:", *(wrong or ["none"]), sep="\n  ")
    loops = circles(graph)
    print("\nCircles:", *([" <-> ".join(loop) for loop in loops] or ["none"]), sep="\n  ")
    return int(bool(wrong or loops))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else ROOT / "graphfold"))
