"""Money: an exact amount and its currency, never a float."""

from decimal import Decimal

import strawberry

from graphfold.scalars import Currency


@strawberry.type(description="An exact amount of money.")
class Money:
    amount: Decimal = strawberry.field(description="The amount, with the decimals its currency has.")
    currency: Currency = strawberry.field(description="The currency of the amount.")
