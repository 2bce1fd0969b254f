"""graphfold folds REST, SOAP and GraphQL backends into one GraphQL graph.

This is the front door: everything that the author of a graph needs, beside the public rooms `graphfold.conversions`,
`graphfold.credentials`, `graphfold.errors`, `graphfold.manifest`, `graphfold.resilience`, `graphfold.scalars` and
`graphfold.testing`. Add a name here only if authors cannot do without it. To add a room: a package whose docstring says
what it may import and how to add to it, and its floor in the contracts of `pyproject.toml`.
"""

from graphfold.adapter.graphql import GraphQLAdapter
from graphfold.adapter.rest import RestAdapter
from graphfold.adapter.soap.adapter import SoapAdapter
from graphfold.adapter.soap.faults import SoapFault
from graphfold.composition.connections import After, Connection, CountedConnection, First
from graphfold.composition.decorators import finds, resolves
from graphfold.composition.global_ids import Node, key_of
from graphfold.graph.load import load
from graphfold.loading.declaration import batch, read, write
from graphfold.loading.keys import Keys, by, each, group
from graphfold.page import Page
from graphfold.rows.row import Row
from graphfold.rows.wire import OnDemand, Wire
from graphfold.transport.call import Reply

__all__ = [
    "After",
    "Connection",
    "CountedConnection",
    "First",
    "GraphQLAdapter",
    "Keys",
    "Node",
    "OnDemand",
    "Page",
    "Reply",
    "RestAdapter",
    "Row",
    "SoapAdapter",
    "SoapFault",
    "Wire",
    "batch",
    "by",
    "each",
    "finds",
    "group",
    "key_of",
    "load",
    "read",
    "resolves",
    "write",
]
