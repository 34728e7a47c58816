"""Work that costs too much is seen when its invoice is posted: on the simulators, over real HTTP."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.cash.till import Till


def project(till: Till) -> dict[str, Any]:
    """The one that was opened for the deal, the newest there is."""
    return max(till.kept("kantata", "workspaces").values(), key=lambda each: int(each["id"]))


def cost(till: Till, *, cents_per_hour: int) -> None:
    """What the work costs comes from people's cost rates there; nobody edits it on a line that is approved."""
    shelf, whose = till.scene.estate.simulators["kantata"].shelf, project(till)["id"]
    mine = {id_: each for id_, each in shelf.all("time_entries").items() if each["workspace_id"] == whose}
    for id_, entry in mine.items():
        shelf.update("time_entries", id_, {**entry, "cost_rate_in_cents": cents_per_hour})


async def test_customer_success_hears_of_a_margin_that_is_gone_and_never_what_people_cost(till: Till) -> None:
    first = (datetime.now(UTC).date().replace(day=1) - timedelta(days=1)).replace(day=1)
    await till.sold(amount="12000", start_date=first.isoformat())
    monday = first + timedelta(days=-first.weekday() % 7)
    work = {"entries": 5, "people": 1, "projects": 1, "on": [project(till)["id"]], "week": monday.isoformat()}
    await till.tell("kantata", "time", work)
    cost(till, cents_per_hour=99_900)
    await till.settle()

    # One invoice from before the work, and one from behind it.
    await till.tell("netsuite", "invoices", {"do": "approve"})
    await till.settle()

    told = await till.scene.machine.pool.fetch("select fields from events where type = 'MarginBreached'")
    assert len(told) == 1
    assert float(told[0]["fields"]["percent"]) < 20
    row = await till.scene.machine.pool.fetchrow(
        "select fields ->> 'text' as text, state from effects where kind = 'message' and entity like 'margin-of-%'"
    )
    assert (row["state"], row["text"].startswith("The margin of ")) == ("confirmed", True)
    assert "999" not in row["text"]
