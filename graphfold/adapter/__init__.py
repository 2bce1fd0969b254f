"""Adapters: one base class for each protocol, which sends the calls of an author's methods and reads the replies.

May import: cache, loading, manifest, resilience, rows, transport, credentials, declarations, settings, secret, errors,
mistakes, observer. `soap/` alone knows zeep.
To add a protocol: a subclass of `Adapter` in a file of its own, whose methods send a `Call` and read the `Reply`.
"""
