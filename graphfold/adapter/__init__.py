"""Adapters: how a backend is asked, in its protocol. One base class per protocol, one file or folder each.

May import: cache, loading, manifest, resilience, rows, transport, credentials, declarations, settings, secret, errors,
mistakes, observer. `soap/` alone knows zeep.
To add a protocol: a subclass of `Adapter` in a file of its own, whose methods send a `Call` and read the `Reply`.
"""
