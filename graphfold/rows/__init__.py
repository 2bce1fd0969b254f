"""Rows: the typed records of a backend's replies, and how they become objects of the graph.

May import: declarations, errors, mistakes. Conversions are in `graphfold.conversions`.
To add a property of a field, as `OnDemand` is one: `wire.py` declares it, `shape.py` records it, `structs.py` obeys.
"""
