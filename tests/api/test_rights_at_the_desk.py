"""Rights at the desk: a batch decides nothing that its person could not, and shows nothing that is not theirs."""

from typing import Any

import pytest

from throughline import server
from throughline.core.rights import ALL, Who
from throughline.hub import access_keys, people
from throughline.hub.access_keys import Wanted
from throughline.hub.desk import batching
from throughline.hub.machine import Machine
from throughline.settings import Settings

ALL_OF_THEM = {"holds": {}, "action": "answer", "choice": "approve", "reason": "Agreed."}
FIND = "/api/v1/find?q={}"


@pytest.fixture
async def as_(machine: Machine, settings: Settings, caller: Any, win: Any) -> Any:
    """Come as somebody. Two deals ask for approval: one of Germany above the limit of four eyes, one of Britain not."""
    policies = settings.firm / "policies.yaml"
    policies.write_text(policies.read_text() + "\nfour_eyes:\n  - { above: 5000, currency: EUR }\n")
    await machine.firms.apply(by="a test")
    for number, amount, company in ((1, "5000.01", "DE"), (2, "5000.00", "UK")):
        deal = await win(number, amount=amount, choices=("approve", "decline"))
        await machine.pool.execute(
            "update entities set fields = fields || jsonb_build_object('legal_entity', $2::text) where id = $1",
            deal, company,
        )  # fmt: skip
    caller.app = server.app(machine, settings)
    shown: dict[str, str] = {}

    async def come(name: str, *roles: str, company: str | None = None) -> Any:
        if name not in shown:
            person, limits = f"{name}@example.com", [company] if company else None
            await people.add(machine, person, roles=roles, legal_entities=limits, by="t")
            key = await access_keys.make(machine, Wanted(name="k", person=person), by=Who("t", ALL))
            shown[name] = key.secret or ""
        caller.headers["authorization"] = f"Bearer {shown[name]}"
        return caller

    return come


async def batch(machine: Machine, caller: Any, key: str) -> Any:
    begun = await caller.post("/api/v1/batches", ALL_OF_THEM, idempotency_key=key)
    await batching.all_running(machine)
    return begun


async def states(machine: Machine) -> list[str]:
    return [row["state"] for row in await machine.pool.fetch("select state from holds order by id")]


async def test_who_may_not_approve_does_not_by_the_hundred(as_: Any, machine: Machine) -> None:
    answer = await batch(machine, await as_("anna", "operator"), "1")

    assert (answer.status, answer.json["missing_right"]) == (403, "approve")
    assert await states(machine) == ["open", "open"]


async def test_a_batch_of_who_proposed_is_not_the_second_person(as_: Any, machine: Machine) -> None:
    anna = await as_("anna", "approver")
    first = await batch(machine, anna, "1")
    again = await batch(machine, anna, "2")
    items = (await anna.get(f"/api/v1/batches/{again.json['id']}/items")).json["data"]

    assert first.status == again.status == 200
    assert await states(machine) == ["open", "closed"]
    assert [(each["state"], "somebody else must agree" in each["outcome"]) for each in items] == [("left", True)]


async def test_a_batch_of_somebody_else_is(as_: Any, machine: Machine) -> None:
    await batch(machine, await as_("anna", "approver"), "1")
    await batch(machine, await as_("boris", "approver"), "2")

    assert await states(machine) == ["closed", "closed"]
    assert await machine.pool.fetchval("select person from decisions where hold = 'hold-1'") == "boris@example.com"


async def test_a_batch_of_who_is_limited_is_about_their_company_alone(as_: Any, machine: Machine) -> None:
    caller = await as_("uwe", "approver", company="UK")
    begun = await batch(machine, caller, "1")

    assert (begun.json["total"], await states(machine)) == (1, ["open", "closed"])
    assert len((await caller.get("/api/v1/batches")).json["data"]) == 1


async def test_a_batch_about_more_than_ones_company_is_not_there(as_: Any, machine: Machine) -> None:
    begun = await batch(machine, await as_("anna", "approver"), "1")
    caller = await as_("uwe", "approver", company="UK")

    assert (await caller.get("/api/v1/batches")).json["data"] == []
    assert (await caller.get(f"/api/v1/batches/{begun.json['id']}")).status == 404


@pytest.mark.parametrize("path", ["/holds", "/causes", "/batches", "/kpis", "/clocks", "/overview", "/find?q=5000.01",
                                  "/boards/billing-cut-off", "/boards/start-readiness", "/boards/change-orders",
                                  "/boards/unposted-time", "/engagements/opportunity-2/values"])  # fmt: skip
async def test_every_page_is_drawn_for_who_is_limited_and_sees_no_rates(path: str, as_: Any) -> None:
    answer = await (await as_("uwe", "operator", company="UK")).get(path, accept="text/html")

    assert answer.status == 200
    assert b"opportunity-1" not in answer.body
    assert b"5,000.01" not in answer.body


async def test_nobody_finds_by_what_is_masked_for_them(as_: Any, machine: Machine) -> None:
    said = {"tax_id": "DE136695976", "email": "ap@halden.example"}
    await machine.pool.execute("update entities set fields = fields || $1 where kind = 'customer'", said)
    operator = await as_("anna", "operator")
    masked = [(await operator.get(FIND.format(value))).json["data"] for value in said.values()]
    named = (await operator.get(FIND.format("sample"))).json["data"]
    approver = await as_("boris", "approver")
    seen = [(await approver.get(FIND.format(value))).json["data"] for value in said.values()]

    assert masked == [[], []]
    assert all(seen)
    assert named


async def test_an_amount_that_is_masked_finds_nothing(as_: Any, settings: Settings, machine: Machine) -> None:
    policies = settings.firm / "policies.yaml"
    policies.write_text(policies.read_text().replace("masking:\n", "masking:\n  opportunity: [amount]\n"))
    await machine.firms.apply(by="a test")

    assert (await (await as_("anna", "operator")).get(FIND.format("5000.01"))).json["data"] == []
    assert (await (await as_("boris", "approver")).get(FIND.format("5000.01"))).json["data"]


async def test_values_tell_no_masked_value_not_even_one_that_was_refused(as_: Any, machine: Machine) -> None:
    at = machine.clock().isoformat()
    await machine.pool.execute(
        "update entities set fields = fields || $1, provenance = provenance || $2 where id = 'opportunity-1'",
        {"tax_id": "DE136695976"}, {"tax_id": {"source": "salesforce", "at": at}},
    )  # fmt: skip
    await machine.pool.execute(
        """insert into refusals (entity, system, field, value, at)
           values ('opportunity-1', 'netsuite', 'tax_id', '"DE999999999"', $1)""",
        machine.clock(),
    )
    path = "/api/v1/engagements/opportunity-1/values"
    told = await (await as_("anna", "operator")).get(path)
    whole = await (await as_("boris", "approver")).get(path)

    assert told.status == whole.status == 200
    assert not any(secret in told.body for secret in (b"DE136695976", b"DE999999999"))
    assert all(secret in whole.body for secret in (b"DE136695976", b"DE999999999"))
