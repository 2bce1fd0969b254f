"""Checks: an author's mistakes and doubtful code, found when a graph starts, before the first request.

To add a check: a module here with one function, and a line for it in `startup`.
May import: analysis, composition, adapter, loading, rows, source, declarations, errors, mistakes, secret.
"""
