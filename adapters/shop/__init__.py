"""The shop: orders. REST with an API key, offset pages and idempotent writes."""

from adapters.shop.adapter import OrderRefused, Shop

__all__ = ["OrderRefused", "Shop"]
