"""Send every call to a backend, whatever its protocol: a `Call` sent by a `Client`.

May import: deadline, tls, errors, secret. Timeouts, size limits and the mapping of network failures live here and
nowhere else.
To add another transport, for instance a proxy: pass an `httpx.AsyncBaseTransport` to `Graph.running(transports=...)`.
"""
