"""The graph over HTTP: requests in, answers out, one log line each, health, and the page for browsers.

May import: operation, loading, cache, deadline, secret, settings, errors; knows nothing of adapters. To add a route: a
FastAPI route in the file of its noun, included in `app.py`; `/graphql` itself is answered before the router, for speed.
"""
