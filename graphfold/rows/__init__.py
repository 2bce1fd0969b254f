"""Rows: what a backend sends, in our names, and how it becomes an object of the graph.

May import: declarations, errors, mistakes. Conversions are in `graphfold.conversions`.
"""
