"""The billing: invoices and balances. SOAP 1.2 with HTTP Basic, and no batch: one customer or invoice a call."""

from adapters.billing.adapter import Billing

__all__ = ["Billing"]
