"""Times as an account sees them. NetSuite keeps seconds, and thinks in the account's own time zone."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def stamp(at: datetime) -> str:
    """How a time is kept and sent: 2026-01-31T12:00:00Z."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def today(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()
