"""Customers from the CRM: by number, in pages, and their changes."""

from datetime import datetime
from typing import Annotated, Any

from graphfold import Keys, OnDemand, Page, Reply, RestAdapter, Row, Wire, batch, by, read, write
from graphfold.conversions import EPOCH_MILLIS, YES_NO, codes
from graphfold.credentials import ClientCredentials
from graphfold.errors import BackendRejected, GraphError
from graphfold.manifest import Manifest
from schema.customers import Address, Customer, Segment

NUMBER = r"[0-9A-Za-z-]{1,40}"
"""The form of a customer number. It excludes commas, which join the numbers of a request."""

SEGMENTS = codes({"RETAIL": Segment.RETAIL, "BUSINESS": Segment.BUSINESS, "KEY": Segment.KEY_ACCOUNT})


class AddressRow(Row[Address]):
    street: Annotated[str, Wire("line1")]
    postal_code: Annotated[str, Wire("zip")]
    city: Annotated[str, Wire("town")]
    country_code: Annotated[str, Wire("countryCode")]


class CustomerRow(Row[Customer], key="number"):
    number: Annotated[str, Wire("custNo")]
    name: Annotated[str, OnDemand("profile.displayName")] = ""
    email: Annotated[str | None, OnDemand("contact.mail")] = None
    phone: Annotated[str | None, OnDemand("contact.phone")] = None
    language: Annotated[str, OnDemand("profile.language")] = ""
    segment: Annotated[Segment, OnDemand("profile.segment", SEGMENTS)] = Segment.RETAIL
    since: Annotated[datetime, OnDemand("registeredAt", EPOCH_MILLIS)] = datetime.min
    newsletter: Annotated[bool, OnDemand("newsletter", YES_NO)] = False
    vip: Annotated[bool, OnDemand("vip", YES_NO)] = False
    address: Annotated[AddressRow | None, OnDemand("address")] = None


class ListedCustomerRow(CustomerRow):
    position: str


class ListingRow(Row[Any]):
    records: list[ListedCustomerRow]
    has_more: Annotated[bool, Wire("hasMore")]


class ProblemRow(Row[Any]):
    field: str
    reason: str


class CustomerRefused(BackendRejected):
    """Raised when the CRM refuses a change. `field` is the CRM's name of the field that is wrong."""

    def __init__(self, problem: ProblemRow) -> None:
        super().__init__("The CRM does not take this change.", internal=f"{problem.field} {problem.reason}")
        self.field = problem.field


class Crm(RestAdapter):
    """The CRM knows only the gateway and not its callers, so its answers may be shared between viewers."""

    manifest = Manifest(
        owner="customer-data",
        contact="customer-data@company.example",
        version="v2",
        runbook="https://runbooks.company.example/crm",
        level="gold",
    )
    identity = "service"
    credential = ClientCredentials("/oauth/token")
    probe_path = "/v2/customers?limit=1&fields=custNo"

    @batch(ttl=60, share="public", key_pattern=NUMBER)
    async def customers(self, numbers: Keys[str]) -> dict[str, CustomerRow]:
        """Customers by number."""
        rows = await self.get(
            "/v2/customers", list[CustomerRow], at="records", ids=",".join(numbers), fields=numbers.wire(CustomerRow)
        )
        return by(rows, lambda row: row.number)

    @read(ttl=60, share="public", primes=customers)
    async def listing(
        self, limit: int, after: str | None, search: str | None, segment: Segment | None
    ) -> Page[ListedCustomerRow]:
        """Customers in the order of their numbers."""
        listing = await self.get(
            "/v2/customers",
            ListingRow,
            limit=limit,
            after=after,
            search=search,
            segment=_code(segment),
            fields=self.wire(CustomerRow),
        )
        return Page(listing.records, cursors=[row.position for row in listing.records], more=listing.has_more)

    @write(idempotent=True)
    async def change(self, number: str, fields: dict[str, Any]) -> CustomerRow:
        """Merge `fields` (the CRM's names) into a customer."""
        row = await self.request("PATCH", "/v2/customers/{number}", CustomerRow, number=number, json=fields)
        self.customers.forget(number)
        self.listing.forget()
        return row

    def problem(self, reply: Reply) -> GraphError:
        if reply.status == 422 and (problems := self.read(reply, list[ProblemRow], at="errors")):
            return CustomerRefused(problems[0])
        return super().problem(reply)


def _code(segment: Segment | None) -> str | None:
    return {Segment.RETAIL: "RETAIL", Segment.BUSINESS: "BUSINESS", Segment.KEY_ACCOUNT: "KEY", None: None}[segment]
