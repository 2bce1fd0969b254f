"""Engagement of customers, from the marketing system. Every other field works without it."""

from adapters.marketing import Marketing
from graphfold import resolves
from schema.customers import Customer
from schema.engagement import Engagement


@resolves(Customer)
async def engagement(self: Customer, marketing: Marketing) -> Engagement | None:
    """How the customer reacts to what we send; null where nothing is known."""
    return await marketing.engagement.find(self.number)
