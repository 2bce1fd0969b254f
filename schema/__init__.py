"""What clients see: the types of the graph, one file per noun, without I/O, resolvers or names of backends.

May import: `graphfold`, `graphfold.scalars`. To add a noun: a file here, a row in an adapter, a file in `resolvers/`.
"""
