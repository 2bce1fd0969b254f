"""Analysis: what resolvers and batches do, read from their source and from the query.

To add an analysis: a function that takes a resolver or a selection set and returns plain data. It parses source text
with `graphfold.source` only, and returns None, or a call marked as unknown, if the source is not clear.
May import: source, composition, adapter, loading, errors, mistakes.
"""
