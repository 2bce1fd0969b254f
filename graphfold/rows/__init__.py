"""Rows: what a backend sends, in our names, and how it becomes an object of the graph.

May import: declarations, errors, mistakes. Conversions are in `graphfold.conversions`.
To add something that can be said of a field, as `OnDemand` is: `wire.py` declares it, `row.py` puts it into the shape,
`decoder.py` obeys.
"""
