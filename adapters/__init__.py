"""How to call the backends: one folder for each, with its operations, its rows and their mapping to the graph.

May import: `graphfold`, its public rooms, and `schema`; never another adapter, httpx or zeep.
To add a backend: a folder with `adapter.py` (rows, then the adapter class) and an `__init__.py` that exports the class.
"""
