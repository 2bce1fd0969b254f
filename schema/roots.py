"""The root types. Their fields are in `resolvers/`, each beside the noun that it returns."""

import strawberry


@strawberry.type(description="Everything that can be asked.")
class Query:
    pass


@strawberry.type(description="Everything that can be changed.")
class Mutation:
    pass
