"""Loading: many keys, one call. What a batch, a read and a write are, and how one operation's loads travel together.

To add a kind of operation: `declaration` declares it, `source` answers it.
May import: rows, cache, deadline, page, errors, observer, viewer, mistakes.
Loading knows nothing of HTTP, of GraphQL or of the graph.
"""
