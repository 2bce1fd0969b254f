"""The catalog: products and their reviews. A GraphQL backend with a bearer token."""

from adapters.catalog.adapter import Catalog

__all__ = ["Catalog"]
