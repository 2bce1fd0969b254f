"""WHAT CLIENTS SEE: the types of the graph, one file per noun. No I/O, no resolver, no backend's name.

May import: `graphfold`, `graphfold.scalars`. To add a noun: a file here, a row in an adapter, a file in `resolvers/`.
"""
