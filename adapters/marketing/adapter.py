"""Engagement figures from the marketing system, many customers at a time; single entries may be errors."""

from datetime import date
from typing import Annotated, Any

from graphfold import Keys, RestAdapter, Row, Wire, batch, by
from graphfold.credentials import ApiKey
from graphfold.errors import BackendError, BackendRejected
from graphfold.manifest import Manifest
from schema.engagement import Engagement


class RefusalRow(Row[Any]):
    code: str


class EngagementRow(Row[Engagement]):
    customer: Annotated[str, Wire("customerId")]
    score: float = 0.0
    last_seen: Annotated[date | None, Wire("lastSeen")] = None
    opens: int = 0
    clicks: int = 0
    error: RefusalRow | None = None


class Marketing(RestAdapter):
    manifest = Manifest(
        owner="campaigns",
        contact="campaigns@company.example",
        criticality="optional",
        version="v1",
        runbook="https://runbooks.company.example/marketing",
        level="gold",
    )
    identity = "service"
    credential = ApiKey("X-Api-Key")
    probe_path = "/engagement?customerIds="

    @batch(ttl=120, share="public", key_pattern=r"[0-9A-Za-z-]{1,40}")
    async def engagement(self, customers: Keys[str]) -> dict[str, EngagementRow | BackendError]:
        """How each customer reacts to what we send."""
        rows = await self.get("/engagement", list[EngagementRow], at="entries", customerIds=",".join(customers))
        return by(rows, lambda row: row.customer, lambda row: _refused(row) or row)


def _refused(row: EngagementRow) -> BackendError | None:
    if row.error is None:
        return None
    return BackendRejected("There are no figures for this customer.", detail={"reason": row.error.code})
