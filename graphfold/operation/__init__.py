"""Operation: parse, validate and run one GraphQL operation, within its limits, and build its answer.

To add a limit: a rule in `limits` with its setting, or a count in `node_count` where it depends on variables.
May import: analysis, composition, adapter, execution, loading, cache, extensions, settings, deadline, errors, observer,
viewer.
"""
