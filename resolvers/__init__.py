"""Which backend answers a field: one file per noun, with its resolvers, joins and fallbacks.

May import: `graphfold`, its public rooms, `schema` and `adapters`. A function is a field: named, described and typed by
itself; a parameter with an adapter's type is that backend. To add a field: a function with @resolves.
"""
