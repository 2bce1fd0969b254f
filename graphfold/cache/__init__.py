"""What is remembered: backends' answers per operation and kind of viewer, and whole answers made of these.

May import: viewer. To add a store of another kind: a file beside `store.py`; `graph/runtime.py` opens one for
each operation.
"""
