"""Breadth-first execution: a query is compiled into a plan once, and a plan runs one level of objects at a time.

Read it in the order in which a query passes: `compile` makes a `plan` of steps, `run` walks it, `rows` and `generated`
build the answer's dicts for a whole level, `complete` turns resolved values into it, `level` waits for links, `drive`
runs other resolvers without a task each, `branches` what goes on side by side; `places` and `errors` hold the rules of
null. `owner` ends all that a run began. To add another way for a field to be answered: `fields` recognises it, `level`
runs it, and tests/execution compares it with graphql-core.
May import: deadline, loading, observer, rows, source, and graphql-core and Strawberry.
"""
