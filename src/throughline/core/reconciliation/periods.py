"""Which months can be compared: one that still takes entries is not expected to agree."""

import re
from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta

from throughline.core.cut_offs import cut_off_at
from throughline.core.firm import Firm
from throughline.core.working_days import closed_days

CUT_OFF = "billing"
# Where the firm has not said until when a month takes entries.
LATEST = timedelta(days=10)
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def is_over(period: str, *, firm: Firm, legal_entity: str | None, now: datetime) -> bool:
    """Whether the billing cut-off of a month, such as 2026-11 or Nov 2026, has passed."""
    ends = last_day(period)
    if ends is None:
        return False  # a name of the ledger's own that nobody here can read is not compared
    entity = firm.legal_entity(legal_entity or "")
    rule = firm.policies.cut_off(CUT_OFF, legal_entity=legal_entity)
    if rule is None or entity is None:
        return now >= datetime.combine(ends, time(), UTC) + LATEST
    closed = closed_days(entity.holidays, years=range(ends.year, ends.year + 2))
    return now >= cut_off_at(rule, ends, entity, holidays=closed)


def last_day(period: str) -> date | None:
    """Of a month, as we write it or as ledgers call it."""
    if written := re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", period):
        year, month = int(written[1]), int(written[2])
    elif (called := re.fullmatch(r"([A-Z][a-z]{2}) (\d{4})", period)) and called[1] in MONTHS:
        year, month = int(called[2]), MONTHS.index(called[1]) + 1
    else:
        return None
    return date(year, month, monthrange(year, month)[1])
