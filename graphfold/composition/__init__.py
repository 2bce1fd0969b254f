"""Composition: types, resolvers and connections, as authors declare them, and the schema that is assembled from them.

To add a kind of declaration: a module here, used by `decorators` or `assembly`.
May import: adapter, extensions, declarations, loading, rows, execution, errors, mistakes, page, scalars.
"""
