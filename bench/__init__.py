"""Measures the gateway against a hand-written twin and against the least that any program would have to do.

`python -m bench` starts backends with canned replies and three programs in front of them, makes sure that all give
equal answers with equal calls, then measures them in turn. May import: `graphfold`, `sandbox`; nothing imports it.
To add a load: a query in `workloads.py`, and the same by hand in `ceiling.py`.
"""
