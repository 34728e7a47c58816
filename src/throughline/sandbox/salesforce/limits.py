"""How many calls the org may make in a day, and how many it has made."""

from typing import Any

from throughline.sandbox.salesforce.org import Org, Transaction
from throughline.sandbox.salesforce.wire import Answer, Call, Refused

DAILY_CALLS = 1_000_000
_OTHERS = {"ConcurrentAsyncGetReportInstances": 200, "DailyBulkApiBatches": 15_000, "DailyStreamingApiEvents": 50_000}


def spend(org: Org) -> None:
    """Count one call of today, or refuse it. A refused call is not counted."""
    used = _used(org)
    if used >= _most(org):
        raise Refused(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
    org.calls = (_today(org), used + 1)


def header(org: Org) -> dict[str, str]:
    return {"Sforce-Limit-Info": f"api-usage={_used(org)}/{_most(org)}"}


def allow(org: Org, daily: int | None, used: int | None) -> dict[str, int]:
    """The sandbox's own control: another limit, or another count."""
    if daily is not None:
        org.remember("limits", {"daily": daily})
    if used is not None:
        org.calls = (_today(org), used)
    return {"daily": _most(org), "used": _used(org)}


def read(_call: Call, tx: Transaction) -> Answer:
    daily = {"Max": _most(tx.org), "Remaining": max(0, _most(tx.org) - _used(tx.org))}
    others: dict[str, Any] = {name: {"Max": most, "Remaining": most} for name, most in _OTHERS.items()}
    return Answer(200, {"DailyApiRequests": daily} | others)


def _most(org: Org) -> int:
    return int((org.recall("limits") or {"daily": DAILY_CALLS})["daily"])


def _used(org: Org) -> int:
    day, used = org.calls
    return used if day == _today(org) else 0


def _today(org: Org) -> str:
    return org.clock.now().date().isoformat()
