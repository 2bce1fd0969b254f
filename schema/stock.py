"""Stock: what lies in the warehouses."""

import strawberry


@strawberry.type(description="The pieces of a product in one warehouse.")
class WarehouseStock:
    code: str = strawberry.field(description="The warehouse's code, leading zeros kept.")
    quantity: int = strawberry.field(description="How many pieces lie there.")


@strawberry.type(description="What is there of a product.")
class Stock:
    on_hand: int = strawberry.field(description="How many pieces lie in all warehouses.")
    reserved: int = strawberry.field(description="How many of them are promised already.")
    warehouses: list[WarehouseStock] = strawberry.field(description="Where they lie.")
