"""The marketing: how customers react. REST with an API key; slow, and nothing breaks without it."""

from adapters.marketing.adapter import Marketing

__all__ = ["Marketing"]
