"""Engagement: how much a customer cares about us."""

from datetime import date

import strawberry


@strawberry.type(description="How a customer reacts to what we send.")
class Engagement:
    score: float = strawberry.field(description="From 0 (never) to 1 (always).")
    last_seen: date | None = strawberry.field(description="The last day something was opened.")
    opens: int = strawberry.field(description="How many messages were opened.")
    clicks: int = strawberry.field(description="How many links were followed.")
