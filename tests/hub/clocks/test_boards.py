"""What a team sees each morning: what is missing and whose it is, and whether the month will be billed in time."""

from datetime import timedelta
from typing import Any

import pytest

from tests.hub.clocks.test_work_months import invoiced, worked
from throughline.core.events import ChangeOrderApproved, OpportunityWon
from throughline.core.money import Money
from throughline.hub.boards.board import Board, BoardRow
from throughline.hub.boards.boards import BOARDS, NoSuchBoard, board

DEAL = "opportunity-1"


async def shown(clockmaker: Any, name: str, limit: int = 100) -> Board:
    return await board(clockmaker.world.machine, name, limit=limit)


async def only(clockmaker: Any, name: str) -> BoardRow:
    (row,) = (await shown(clockmaker, name)).rows
    return row


async def wins(clockmaker: Any, number: int = 1) -> None:
    await clockmaker.knows("opportunity", f"opportunity-{number}", name=f"Deal {number}", legal_entity="US",
                           amount={"amount": "900", "currency": "USD"})  # fmt: skip
    await clockmaker.happens(OpportunityWon(opportunity=f"opportunity-{number}"))


async def runs(clockmaker: Any, workflow: str, subject: str, **parts: str) -> None:
    told = [{"name": name, "state": state, "why": None, "owner": "o"} for name, state in parts.items()]
    await clockmaker.world.pool.execute(
        """insert into runs (id, workflow, lane, event_type, event, subject, state, parts, reads, attempt, passes,
                             correlation, created_at, updated_at)
           values ('run-' || $1, $2, $1, 'E', '{}', $1, 'held', $3, '{}', 0, 1, $1, $4, $4)""",
        subject, workflow, told, clockmaker.world.clock(),
    )  # fmt: skip


async def test_a_deal_says_what_is_ready_what_is_missing_and_who_owns_it(clockmaker: Any) -> None:
    await wins(clockmaker)
    await runs(clockmaker, "opportunity-to-project", DEAL, gate="done", finance="held", delivery="done")
    await clockmaker.holds(DEAL)

    row = await only(clockmaker, "start-readiness")

    ready = {name: value for name, value in row.values.items() if name.endswith("_ready")}
    assert ready == {
        "customer_ready": "held", "contract_ready": "waiting", "project_ready": "done", "kick_off_ready": "done",
        "people_ready": "waiting",
    }  # fmt: skip
    assert (row.values["missing"], row.values["owner"], row.tone) == ("no tax code", "Finance", "risk")
    assert (row.about, row.values["value"]) == (DEAL, Money.of(900, "USD"))


async def test_without_a_hold_whoever_answers_for_the_first_missing_part_owns_it(clockmaker: Any) -> None:
    await wins(clockmaker)

    row = await only(clockmaker, "start-readiness")

    assert (row.values["owner"], row.values["missing"]) == ("Finance", "customer, contract, project, kick-off, people")


async def test_a_project_that_has_opened_stays_until_its_people_are_named(clockmaker: Any) -> None:
    await wins(clockmaker)
    await runs(clockmaker, "opportunity-to-project", DEAL, finance="done", delivery="done")
    await clockmaker.knows("project", "project-1", opportunity=DEAL)
    for number in (1, 2):
        await clockmaker.knows("demand", f"demand-{number}", project="project-1", role="Consultant")
    await clockmaker.knows("assignment", "assignment-1", project="project-1", demand="demand-1", resource="r")
    await clockmaker.world.pool.execute("update clocks set state = 'met', ended_at = began_at")
    half = await only(clockmaker, "start-readiness")

    await clockmaker.knows("assignment", "assignment-2", project="project-1", demand="demand-2", resource="r")

    assert (half.values["people_ready"], half.values["missing"]) == ("1 of 2 named", "people")
    assert (await shown(clockmaker, "start-readiness")).rows == ()


async def test_the_most_urgent_are_shown_and_that_there_are_more(clockmaker: Any) -> None:
    for number in (1, 2, 3):
        await wins(clockmaker, number)
        clockmaker.world.clock.advance(60)

    found = await shown(clockmaker, "start-readiness", limit=2)

    assert ([row.key for row in found.rows], found.more) == (["opportunity-1", "opportunity-2"], True)


async def test_a_company_s_month_says_what_is_approved_drafted_billed_and_held(clockmaker: Any) -> None:
    await worked(clockmaker, 1)
    await worked(clockmaker, 2)
    await invoiced(clockmaker, 1)
    await clockmaker.holds("x", amount=800)
    await clockmaker.world.pool.execute("update holds set lane = 'work-to-invoice:project-1/2026-11'")

    row = await only(clockmaker, "billing-cut-off")

    money = {name: row.values[name] for name in ("approved", "drafted", "billed", "open", "held")}
    assert money == {
        "approved": Money.of(1600, "USD"), "drafted": Money.of(800, "USD"), "billed": Money.of(0, "USD"),
        "open": Money.of(800, "USD"), "held": Money.of(800, "USD"),
    }  # fmt: skip
    assert (row.values["holds"], row.values["left"], row.values["lines"]) == (1, 1, 2)


async def test_a_hold_of_unknown_worth_makes_what_is_held_unknown(clockmaker: Any) -> None:
    await worked(clockmaker, 1)
    await clockmaker.holds("x")
    await clockmaker.world.pool.execute(
        "update holds set lane = 'work-to-invoice:project-1/2026-11', amount = null, currency = null"
    )

    row = await only(clockmaker, "billing-cut-off")

    assert (row.values["held"], row.values["holds"]) == (None, 1)


async def test_a_month_that_drains_fast_enough_will_be_in_time(clockmaker: Any) -> None:
    for number in (1, 2, 3, 4):
        await worked(clockmaker, number)
    unmoved = (await only(clockmaker, "billing-cut-off")).values["outlook"]

    clockmaker.world.clock.advance(3600)
    await invoiced(clockmaker, 1, 2)
    moving = await only(clockmaker, "billing-cut-off")

    assert unmoved == "unknown"
    assert (moving.values["outlook"], moving.tone) == ("met", "ok")
    assert moving.values["through"] == clockmaker.world.clock() + timedelta(hours=1)


async def test_at_a_rate_that_is_too_slow_it_will_be_late(clockmaker: Any) -> None:
    for number in (1, 2, 3, 4):
        await worked(clockmaker, number)
    clockmaker.world.clock.now += timedelta(days=14, hours=2)  # three hours before noon in New York
    await worked(clockmaker, 5)
    clockmaker.world.clock.advance(2 * 3600)
    await invoiced(clockmaker, 1)

    row = await only(clockmaker, "billing-cut-off")

    assert (row.values["outlook"], row.tone) == ("missed", "risk")


async def test_unposted_time_says_how_old_it_is_and_why_it_waits(clockmaker: Any) -> None:
    await worked(clockmaker, 1, day="2026-11-03")
    await worked(clockmaker, 2, rate=None)

    row = await only(clockmaker, "unposted-time")

    assert (row.values["hours"], row.values["lines"], row.values["unpriced"]) == (16, 2, 1)
    assert row.values["amount"] is None, "one of the lines is worth nobody knows what"
    assert str(row.values["oldest"]) == "2026-11-03"
    assert (row.values["why"], row.values["owner"]) == ("waits for its cut-off", "Operations")


async def test_a_change_that_finance_has_and_delivery_has_not_is_half_applied(clockmaker: Any) -> None:
    await wins(clockmaker)
    await clockmaker.knows("change_order", "change-1", name="More analysts", amends=DEAL, state="approved",
                           amount_delta={"amount": "250", "currency": "USD"})  # fmt: skip
    await runs(clockmaker, "change-order", "change-1", gate="done", finance="done", delivery="held")
    await clockmaker.happens(ChangeOrderApproved(change_order="change-1"))

    row = await only(clockmaker, "change-orders")

    assert (row.values["finance"], row.values["delivery"], row.values["half"]) == ("done", "held", "half applied")
    assert (row.values["amount"], row.values["deal"], row.tone) == (Money.of(250, "USD"), "Deal 1", "risk")
    assert (row.about, row.values["missing"], row.values["owner"]) == (DEAL, "delivery", "Operations")


@pytest.mark.parametrize("name", BOARDS)
async def test_a_board_with_nothing_on_it_is_empty(clockmaker: Any, name: str) -> None:
    found = await shown(clockmaker, name)

    assert (found.rows, found.more) == ((), False)
    assert len({each.key for each in found.columns}) == len(found.columns)


async def test_no_such_board_names_those_there_are(clockmaker: Any) -> None:
    with pytest.raises(NoSuchBoard, match="start-readiness"):
        await shown(clockmaker, "no-such")


async def test_an_alert_is_no_kick_off(clockmaker: Any) -> None:
    await wins(clockmaker)
    await runs(clockmaker, "opportunity-to-project", DEAL, finance="held")
    await runs(clockmaker, "sla-alert", "clock-1")
    await clockmaker.world.pool.execute("update runs set correlation = $1", DEAL)
    await clockmaker.world.pool.execute(
        """insert into effects (key, run, system, kind, entity, operation, rung, state, fields, attempts, at)
           values ('alert', 'run-clock-1', 'west', 'message', 'SlaBreached-of-clock-1', 'create', 'E', 'confirmed',
                   '{}', 1, $1)""",
        clockmaker.world.clock(),
    )

    assert (await only(clockmaker, "start-readiness")).values["kick_off_ready"] != "done"
