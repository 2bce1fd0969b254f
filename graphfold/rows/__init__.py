"""Rows: what a backend sends, in our names, and how it becomes an object of the graph.

May import: `graphfold.errors`, `graphfold.mistakes`. Conversions are in `graphfold.conversions`.
"""
