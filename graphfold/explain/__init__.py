"""Explain: the backend calls of an operation, as data, without running it.

To add a fact to an explanation: a field of `explanation`, filled in by `steps` and printed by the command line.
May import: operation, analysis, composition, adapter, execution, loading, credentials, settings, errors,
viewer, mistakes, declarations, observer.
"""
