"""Which months can be compared: one that still takes entries is not expected to agree."""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta

from throughline.core.cut_offs import cut_off_at
from throughline.core.firm import Firm

CUT_OFF = "billing"
# Where the firm has not said until when a month takes entries.
LATEST = timedelta(days=10)


def is_over(period: str, *, firm: Firm, legal_entity: str | None, now: datetime) -> bool:
    """Whether the billing cut-off of a month such as 2026-11 has passed.

    Holidays are not counted: near some the cut-off seems to be a day or two early, which the clock of the comparison
    makes good.
    """
    ends = last_day(period)
    entity = firm.legal_entity(legal_entity or "")
    rule = firm.policies.cut_off(CUT_OFF, legal_entity=legal_entity)
    if rule is None or entity is None:
        return now >= datetime.combine(ends, time(), UTC) + LATEST
    return now >= cut_off_at(rule, ends, entity, holidays=())


def last_day(period: str) -> date:
    year, month = (int(part) for part in period.split("-"))
    return date(year, month, monthrange(year, month)[1])
