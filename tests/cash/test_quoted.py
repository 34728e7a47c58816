"""What sales may ask while it quotes: answered at once from the simulators and what is settled; nothing is sent."""

from typing import Any

from tests.cash.till import Till
from throughline.core.quoting import Answer
from throughline.hub import quoting


def counted(till: Till) -> dict[str, int]:
    where = (("netsuite", "customer"), ("netsuite", "salesOrder"), ("kantata", "workspaces"), ("slack", "messages"))
    return {f"{system} {kind}": len(till.kept(system, kind)) for system, kind in where}


async def offered(till: Till, **more: Any) -> str:
    """A deal that is on the table, and that we have heard of."""
    wanted = {"customer": "Castellan Bank plc", "contract_type": "Retainer", "stage": "Proposal/Price Quote"}
    made = await till.tell("salesforce", "deals", {**wanted, **more})
    await till.scene.hear()
    return made["opportunity_id"]


async def asked(till: Till, deal: str) -> dict[str, quoting.Answered]:
    found = await quoting.of(till.scene.machine, deal)
    return {each.question: each for each in found.answers}


async def test_a_deal_that_would_provision_says_so_and_nothing_is_done(till: Till) -> None:
    before = counted(till)

    said = await asked(till, await offered(till))

    assert {name: each.said.answer for name, each in said.items()} == {
        "credit": Answer.UNKNOWN, "price": Answer.YES, "template": Answer.YES, "provision": Answer.YES,
    }  # fmt: skip
    assert "no credit limit" in said["credit"].said.why[0]
    assert counted(till) == before
    assert await till.scene.machine.pool.fetchval("select count(*) from runs") == 0
    assert await till.scene.machine.pool.fetchval("select count(*) from effects") == 0


async def test_what_a_deal_lacks_is_named(till: Till) -> None:
    said = await asked(till, await offered(till, missing=["Project_Manager__c"]))

    assert said["provision"].said.answer is Answer.NO
    assert "lacks project manager" in said["provision"].said.why[0]


async def test_a_system_that_is_away_makes_it_unknown(till: Till) -> None:
    await till.tell("netsuite", "faults", {"kind": "error", "times": 50})

    said = await asked(till, await offered(till))

    assert said["provision"].said.answer is Answer.UNKNOWN
    assert said["template"].said.answer is Answer.YES


async def test_every_fact_says_how_old_it_is_or_that_nobody_knows(till: Till) -> None:
    deal = await offered(till)
    said = await asked(till, deal)

    ages = {fact.name: fact.age_seconds for each in said.values() for fact in each.facts}
    assert ages["systems, asked now"] == 0
    assert ages["deal"] is not None
    assert 0 <= ages["deal"] < 60

    await till.scene.machine.pool.execute("update cursors set why = 'away' where kind = 'invoice'")
    again = await asked(till, deal)
    assert {fact.name: fact.as_of for fact in again["credit"].facts}["invoices"] is None
