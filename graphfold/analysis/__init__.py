"""Analysis: what resolvers and batches do, read from their source and from the query.

To add an analysis: a function that takes a resolver or a selection set and returns plain data. It parses source text
with `graphfold.source` only, and answers "unknown" where it cannot tell.
May import: source, composition, adapter, loading, errors, mistakes.
"""
