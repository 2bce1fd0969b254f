"""Breadth-first execution: a query is compiled into a plan once, and a plan runs one level of objects at a time.

Read it in the order in which a query passes: `planning` makes a `plan` of steps from what `direct_fields` and `links`
know of fields; `runner` runs it; `row_builders` and `generated_builders` make the rows of a whole level;
`resolver_calls` calls resolvers, `resolver_driver` runs them without a task each (`spare_task`); `batch_waits` waits
for the loads of links; `completion` turns values into the response, by `value_checks`; `response_positions` and
`field_errors` hold the rules of null; `operation_tasks` holds what runs side by side, and ends it. An executor of
graphql-core calls `plan_of` and `start_run`. To add another way for a field to be answered: `direct_fields` recognises
it, `runner` runs it, and tests/execution compares it with graphql-core.
May import: deadline, loading, observer, rows, source, and graphql-core and Strawberry.
"""
