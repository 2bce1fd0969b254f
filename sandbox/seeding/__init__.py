"""Fills the database: the same rows on every run and machine, in proportion to the number of customers.

Every table draws from its own random numbers, so a change to one leaves the others as they were.
"""

from __future__ import annotations

import sqlite3

from sandbox.database import empty
from sandbox.seeding.customers import fill_customers
from sandbox.seeding.invoices import fill_invoices
from sandbox.seeding.orders import fill_orders
from sandbox.seeding.products import fill_products


def filled(customers: int) -> sqlite3.Connection:
    """A database of that many customers and what belongs to them. The caller closes it."""
    database = empty()
    with database:
        fill_customers(database, customers)
        fill_products(database, customers)
        fill_orders(database)
        fill_invoices(database)
    return database
