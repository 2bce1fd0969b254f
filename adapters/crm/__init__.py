"""The CRM: who the customers are. REST with OAuth2, sparse fieldsets and cursors."""

from adapters.crm.adapter import Crm, CustomerRefused

__all__ = ["Crm", "CustomerRefused"]
