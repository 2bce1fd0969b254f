"""Checks: mistakes in an author's code that are found when the graph is built, before the first request.

To add a check: a module that raises `Mistake` (or yields the text of a warning), called from `startup`.
May import: source, analysis, composition, adapter, loading, rows, declarations, errors, mistakes, secret.
"""
