"""Fill the database: the same rows on every run and machine, in proportion to the number of customers.

Every table has its own random number generator, so a change to one table leaves the others unchanged.
"""

from __future__ import annotations

import sqlite3

from sandbox.database import empty
from sandbox.seeding.customers import fill_customers
from sandbox.seeding.invoices import fill_invoices
from sandbox.seeding.orders import fill_orders
from sandbox.seeding.products import fill_products


def filled(customers: int) -> sqlite3.Connection:
    """Return a database with this many customers and their related rows. The caller closes it."""
    database = empty()
    with database:
        fill_customers(database, customers)
        fill_products(database, customers)
        fill_orders(database)
        fill_invoices(database)
    return database
