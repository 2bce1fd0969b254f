"""Loading: what batches, reads and writes are, and how the loads of one graph operation share backend calls.

    declaration          @batch, @read, @write check an author's function and make a declared operation
    declared_operations  the declaration on the adapter class
    bound_operations     the same on an adapter instance: load, find, ref, prime, forget
    load, task_loader    gather keys into dispatches
    source               finds results: primed rows, cache, in-flight requests, backend
    fetching             calls the author's function and matches its results to the keys

To add a kind of operation: `declaration` declares it, `bound_operations` binds it, `source` fetches its results.
May import: rows, cache, deadline, page, errors, observer, viewer, mistakes.
Loading knows nothing of HTTP, of GraphQL or of the graph.
"""
