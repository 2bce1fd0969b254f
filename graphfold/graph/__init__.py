"""The graph: how types, resolvers and adapters become one schema, and how an operation runs.

May import: everything but server, cli and testing. To add a limit: `limits.py`; a check at start: `checks.py`.
"""
