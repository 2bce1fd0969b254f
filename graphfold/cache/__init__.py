"""Caches: results of backend operations, replies that can be revalidated, and whole answers made of these results.

    OperationCache      one per backend operation: limits, expiry, invalidations
      CachePartition    one per kind of viewer and set of arguments: entries and in-flight requests by key
        EntryBatch      the entries that one request brought
      CacheView         a partition as one graph operation uses it
    SecondTier          a cache that processes share, asked for what the process's own does not have
    AnswerCache         whole answers as bytes, valid as long as their AnswerDependencies

To add a cache of another kind: a file beside `operation_cache.py`; `graph/runtime.py` opens one per operation.
May import: deadline, viewer.
"""
