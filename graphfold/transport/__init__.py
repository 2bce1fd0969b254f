"""The one way out: every call to a backend, whatever its protocol, is a `Call` sent by a `Client`.

May import: deadline, tls, errors, secret. Timeouts, size limits and the mapping of network failures live here and
nowhere else.
To add another way out, a proxy for instance: an `httpx.AsyncBaseTransport`, given to `Graph.running(transports=...)`.
"""
