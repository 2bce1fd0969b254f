"""The inventory: what lies in the warehouses. SOAP 1.1 with a WS-Security username token."""

from adapters.inventory.adapter import Inventory, StockRefused

__all__ = ["Inventory", "StockRefused"]
