"""Tools for testing a graph: fake backends, recordings, network faults, and the conformance suite. A public room.

Only the transport to a backend is replaced; everything above it is the code that runs in production.
May import: everything but server and cli. To add a fake of another protocol: a file beside `fake_backend.py`.
"""

from graphfold.declarations import declaring
from graphfold.testing.cassette import Cassette
from graphfold.testing.conformance import Sample, conformance
from graphfold.testing.fake_backend import FakeBackend, fakes
from graphfold.testing.fault_proxy import FaultProxy
from graphfold.testing.faults import Blackhole, Cut, Delay, Drip, Fault, HalfClose, Refuse, Reset, Stale
from graphfold.testing.graphs import ask, graph_of, variables_of

__all__ = [
    "Blackhole",
    "Cassette",
    "Cut",
    "Delay",
    "Drip",
    "FakeBackend",
    "Fault",
    "FaultProxy",
    "HalfClose",
    "Refuse",
    "Reset",
    "Sample",
    "Stale",
    "ask",
    "conformance",
    "declaring",
    "fakes",
    "graph_of",
    "variables_of",
]
