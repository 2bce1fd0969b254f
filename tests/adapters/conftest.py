"""Fixtures of the reference graph, shared with the end-to-end tests."""

from tests.e2e.fixtures import books, graph, own_graph, own_sandbox, shared_sandbox

__all__ = ["books", "graph", "own_graph", "own_sandbox", "shared_sandbox"]
