"""The period of the seeded data, and how the backends write times and dates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

DAY = 86_400
FOUNDED = int(datetime(2019, 1, 1, tzinfo=UTC).timestamp())
FIRST_ORDER = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp())
LATEST = int(datetime(2026, 10, 31, 18, tzinfo=UTC).timestamp())
"""Seconds since the epoch. Nothing seeded is later than LATEST."""

SUMMER, WINTER = timezone(timedelta(hours=2)), timezone(timedelta(hours=1))


def local_time(seconds: int) -> str:
    """Format a time on the shop's local clock: +02:00 from April to October, else +01:00."""
    moment = datetime.fromtimestamp(seconds, SUMMER)
    return moment.astimezone(SUMMER if 4 <= moment.month <= 10 else WINTER).isoformat()


def day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()
