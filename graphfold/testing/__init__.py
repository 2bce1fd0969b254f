"""For the tests of a graph: backends that are not there, and graphs that are declared in a test. A public room.

Everything but the bytes' way to the backend is the real thing. May import: everything but server and cli.
To add a fake of another protocol: a file of its own beside `backend.py`.
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
