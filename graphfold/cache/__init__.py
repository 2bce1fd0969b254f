"""What is remembered of backends' answers, per operation and per kind of viewer. May import: nothing of ours.

To add a store of another kind: a file beside `store.py`; `graph/runtime.py` opens one for each operation.
"""
