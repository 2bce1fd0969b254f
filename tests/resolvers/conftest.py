"""The fixtures of the reference graph."""

from tests.e2e.fixtures import books, graph, own_graph, own_sandbox, shared_sandbox

__all__ = ["books", "graph", "own_graph", "own_sandbox", "shared_sandbox"]
