"""Adapters: how a backend is asked, in its protocol. One base class per protocol, one file or folder each.

May import: loading, rows, transport, credentials, declarations, settings, errors, mistakes. `soap/` alone knows zeep.
"""
