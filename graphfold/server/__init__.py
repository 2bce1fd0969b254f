"""The graph over HTTP: requests in, answers out, one log line each, health, and the page for browsers.

To add a route: a FastAPI route in the file of its noun, included in `app.py`. `/graphql` itself is answered before the
router, for speed. The server knows nothing of adapters.
May import: operation, loading, cache, deadline, secret, settings, errors, viewer.
"""
