"""Where a query enters the graph. Their fields stand in `resolvers/`, each beside the noun it returns."""

import strawberry


@strawberry.type(description="Everything that can be asked.")
class Query:
    pass


@strawberry.type(description="Everything that can be changed.")
class Mutation:
    pass
