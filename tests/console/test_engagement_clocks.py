"""The clocks on an engagement's page say how much is left, how late it is, or how it came out."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from throughline.console.from_hub.engagement_clocks import clocks
from throughline.console.from_hub.frame import Setting
from throughline.console.guard import SOMEBODY
from throughline.core.rights import ALL, Who
from throughline.demo import FIRM
from throughline.hub.clocks.listed import Listed
from throughline.hub.firm import load

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SETTING = Setting(firm=load(FIRM), now=NOON, who=Who(SOMEBODY, ALL), csrf_token="", engagements=1, open_holds=0)


def listed(state: str, **more: Any) -> Listed:
    began = NOON - 10 * MINUTE
    said: dict[str, Any] = {
        "id": "clock-1", "hop": "project_open", "subject": "deal-1", "engagement": "deal-1", "name": "Claims",
        "legal_entity": "US", "amount": None, "state": state, "began": began, "due": began + 60 * MINUTE, "ended": None,
        "spent_seconds": None,
    }  # fmt: skip
    return Listed(**(said | more))


@pytest.mark.parametrize(
    ("clock", "text", "tone"),
    [
        (listed("running"), "50 m left of 1 h", "ok"),
        (listed("running", due=NOON + MINUTE), "1 m left of 1 h", "warn"),
        (listed("late", due=NOON - 5 * MINUTE), "5 m over 1 h", "risk"),
        (listed("paused", due=None), "stands still while a hold is open", "wait"),
        (listed("met", ended=NOON, spent_seconds=372.0), "met, 6 m of 1 h", "ok"),
        (listed("missed", due=NOON - 9 * MINUTE, ended=NOON), "missed by 9 m", "risk"),
    ],
)
def test_a_clock_says_how_it_stands(clock: Listed, text: str, tone: str) -> None:
    (shown,) = clocks([clock], SETTING)

    assert (shown.name, shown.text, shown.tone) == ("Won to project open", text, tone)


def test_one_of_an_invoice_says_which() -> None:
    (shown,) = clocks([listed("running", hop="invoice_paid", subject="invoice-1", name="INV-7")], SETTING)

    assert shown.name == "Invoice posted to paid, INV-7"


@pytest.mark.parametrize("clock", [listed("untimed"), listed("given_up"), listed("running", due=None)])
def test_what_nothing_was_agreed_on_for_is_not_shown(clock: Listed) -> None:
    assert clocks([clock], SETTING) == ()
