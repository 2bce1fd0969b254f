"""Breadth-first execution: a query is compiled into a plan once, and a plan runs one level of objects at a time.

Read it in the order in which a query passes: `planning` makes a `plan` of steps, `runner` walks it, `row_builders` and
`generated_builders` make the answer's dicts for a whole level, `completion` turns resolved values into the answer,
`batch_waits` waits for the loads of links, `resolver_driver` runs other resolvers without a task each,
`operation_tasks` holds what runs side by side and ends it; `response_positions` and `field_errors` hold the rules of
null. To add another way for a field to be answered: `direct_fields` recognises it, `runner` runs it, and
tests/execution compares it with graphql-core.
May import: deadline, loading, observer, rows, source, and graphql-core and Strawberry.
"""
