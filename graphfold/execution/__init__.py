"""Breadth-first execution: a query is compiled into a plan once, and a plan runs one level of objects at a time.

Read the modules in the order in which a query passes them: `planning` compiles a `plan` of steps, with `direct_fields`
and `links` recognising fields that need no resolver call; `runner` runs it; `row_builders` and `generated_builders`
make the rows of a whole level; `resolver_calls` calls resolvers, `resolver_driver` runs them without a task each
(`spare_task`); `batch_waits` waits for the loads of links; `completion` turns values into the response, by
`value_checks`; `response_positions` and `field_errors` hold the rules of null; `operation_tasks` runs concurrent
branches and waits for cancelled tasks. An executor of graphql-core calls `plan_of` and `start_run`.
To add another way to resolve a field: recognise it in `direct_fields`, run it in `runner`, compare it with
graphql-core in tests/execution.
May import: deadline, loading, observer, rows, source, and graphql-core and Strawberry.
"""
