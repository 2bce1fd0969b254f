"""The graph over HTTP: the GraphQL endpoint, request log, health, invalidation, and GraphiQL for browsers.

To add a route: a FastAPI route in a file of its own, included in `app.py`. `/graphql` itself is answered before the
router, for speed. The server knows a graph only by the protocol `ServedGraph`, and nothing of adapters.
May import: operation, loading, cache, deadline, secret, settings, errors, viewer, observer.
"""
