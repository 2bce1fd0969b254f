"""Measure the gateway against a hand-written equivalent and against a lower bound.

`python -m bench` starts backends with canned replies and three programs in front of them, checks that all give equal
answers with equal backend calls, then measures them in turn. May import `graphfold` and `sandbox`; nothing imports it.
To add a load: a query in `workloads.py`, and its hand-written answer in `ceiling.py`.
"""
