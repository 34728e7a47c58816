"""What somebody sees who is limited to a company, or may not see rates: lists, counts, sums, details and actions."""

import re
from datetime import timedelta
from typing import Any

import pytest

from tests.api.conftest import insert
from throughline import server
from throughline.core.rights import ALL, PersonRole, Who
from throughline.hub import access_keys, people
from throughline.hub.access_keys import Wanted
from throughline.hub.machine import Machine
from throughline.settings import Settings
from throughline.store.limits import BY_COMPANY, OF_NOBODY

SECRET, COST = "137.31", "71.13"
BILLING = {"rate": {"amount": SECRET, "currency": "EUR"}, "lines": [{"cost_rate": COST, "hours": 3}]}
# Every page and every list of the API that somebody without the rates may ask for, by what the two deals have.
READ = (
    "/api/v1/engagements", "/api/v1/engagements/opportunity-1", "/api/v1/engagements/opportunity-1/timeline",
    "/api/v1/engagements/opportunity-1/exchanges", "/api/v1/holds", "/api/v1/holds/hold-1", "/api/v1/runs",
    "/api/v1/runs/run-1", "/api/v1/captures/{capture}", "/api/v1/reconciliation", "/api/v1/reconciliation/break-1",
    "/engagements", "/engagements/opportunity-1", "/engagements/opportunity-1.json", "/engagements.csv", "/holds",
    "/holds/hold-1", "/holds.csv", "/reconciliation/break-1", "/reconciliation/break-1.json", "/reconciliation.csv",
)  # fmt: skip


@pytest.fixture
async def deals(machine: Machine, win: Any) -> None:
    """A deal of the German company and one of the British; the first with rates in everything it left behind."""
    for number, company in ((1, "DE"), (2, "UK")):
        deal = await win(number, amount=f"{number}000.00")
        await machine.pool.execute(
            "update entities set fields = fields || jsonb_build_object('legal_entity', $2::text) where id = $1",
            deal,
            company,
        )
    await machine.pool.execute("update effects set fields = fields || $1 where run = 'run-1'", BILLING)
    await machine.pool.execute("update holds set candidates = $1 where id = 'hold-1'", [{"id": "1", "rate": SECRET}])
    await insert(
        machine.pool, "captures", at=machine.clock() - timedelta(minutes=1), system="kantata", direction="out",
        state="done", method="POST", url="http://127.0.0.1/x", status=200, outcome="ok", took_ms=1.0,
        correlation="opportunity-1", run="run-1", request_headers={},
        request_body=f'{{"bill_rate": {SECRET}}}'.encode(),
        answer_headers={}, answer_body=b"salary: " + SECRET.encode(),
    )  # fmt: skip
    for n, deal in ((1, "opportunity-1"), (2, "opportunity-2")):
        await insert(
            machine.pool, "breaks", id=f"break-{n}", comparison="sold-planned", key=deal, sort="rate", about=deal,
            engagement=deal, fields=["rate"], left_said={"rate": SECRET}, right_said={"rate": COST}, owner="PMO",
            amount=None, currency=None, state="open", times=1, first_seen_at=machine.clock(), since=machine.clock(),
            last_seen_at=machine.clock(),
        )  # fmt: skip


@pytest.fixture
def as_(machine: Machine, settings: Settings, caller: Any, deals: None) -> Any:
    """Come as somebody with these roles."""
    del deals
    caller.app = server.app(machine, settings)

    async def come(*roles: str, company: str | None = None) -> Any:
        limits = [company] if company else None
        name = f"{'.'.join(roles)}.{company}@example.com".lower()
        await people.add(machine, name, roles=roles, legal_entities=limits, by="t")
        shown = await access_keys.make(machine, Wanted(name="k", person=name), by=Who("t", ALL))
        caller.headers["authorization"] = f"Bearer {shown.secret}"
        return caller

    return come


async def test_lists_counts_and_sums_are_those_of_ones_company(as_: Any) -> None:
    caller = await as_("operator", company="DE")

    engagements = (await caller.get("/api/v1/engagements")).json["data"]
    holds = (await caller.get("/api/v1/holds")).json["data"]
    runs = (await caller.get("/api/v1/runs")).json["data"]
    breaks = (await caller.get("/api/v1/reconciliation")).json["data"]
    page = await caller.get("/holds.json", accept="text/html")

    assert [each["id"] for each in engagements] == ["opportunity-1"]
    assert [each["id"] for each in holds] == ["hold-1"]
    assert [each["id"] for each in runs] == ["run-1"]
    assert [each["id"] for each in breaks] == ["break-1"]
    assert b"1,000.00" in page.body
    assert not re.search(rb"2,000|3,000|opportunity-2|hold-2", page.body)


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/engagements/{0}-2", "/api/v1/engagements/{0}-2/timeline", "/api/v1/holds/hold-2", "/api/v1/runs/run-2",
        "/api/v1/reconciliation/break-2", "/api/v1/engagements/006000000000002AAA", "/api/v1/plans/run-2",
    ],
)  # fmt: skip
async def test_what_is_of_another_company_is_as_if_it_were_not_there(path: str, as_: Any) -> None:
    caller = await as_("operator", company="DE")
    there = await caller.get(path.format("opportunity"))
    nowhere = await caller.get(path.format("opportunity").replace("2", "9"))

    assert (there.status, nowhere.status) == (404, 404)
    assert there.json["detail"].replace("2", "9") == nowhere.json["detail"]


async def test_one_acts_on_what_is_of_ones_company_and_on_nothing_else(as_: Any, machine: Machine) -> None:
    caller = await as_("operator", company="DE")
    mine = await caller.post("/api/v1/holds/hold-1/release", {}, idempotency_key="1")
    theirs = await caller.post("/api/v1/holds/hold-2/release", {}, idempotency_key="2")
    cancelled = await caller.post("/api/v1/runs/run-2/cancel", {"reason": "x"}, idempotency_key="3")

    assert (mine.status, theirs.status, cancelled.status) == (200, 404, 404)
    assert await machine.pool.fetchval("select array_agg(id) from holds where state = 'open'") == ["hold-2"]
    assert await machine.pool.fetchval("select object from journal where action = 'released'") == "hold-1"


async def test_a_new_table_is_empty_for_whoever_is_limited(machine: Machine) -> None:
    """Whoever adds a table says here of which company its rows are, or that they are of nobody."""
    rows = await machine.pool.fetch(
        """select viewname, definition from pg_views where schemaname = 'limited' order by viewname"""
    )
    empty = {row["viewname"] for row in rows if row["definition"].rstrip().endswith("WHERE false;")}
    tables = await machine.pool.fetch(
        """select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
           and not relispartition"""
    )

    assert {row["relname"] for row in tables} == empty | set(BY_COMPANY) | OF_NOBODY
    assert {"audit_log", "people", "sessions", "records", "reconciliations", "billing_totals"} <= empty


async def test_a_limit_ends_with_its_request(as_: Any, machine: Machine) -> None:
    caller = await as_("operator", company="DE")
    await caller.get("/api/v1/holds")
    await people.change(machine, "operator.de@example.com", roles=["operator"], legal_entities=None, by="t")

    assert len((await caller.get("/api/v1/holds")).json["data"]) == 2
    assert await machine.pool.fetchval("select count(*) from holds") == 2


@pytest.mark.parametrize("roles", [["viewer"], ["operator"], ["integrator"]])
async def test_no_answer_shows_a_rate_to_who_may_not_see_rates(roles: list[str], as_: Any, machine: Machine) -> None:
    caller = await as_(*roles)
    capture = await machine.pool.fetchval("select max(id) from captures")
    for path in READ:
        answer = await caller.get(path.format(capture=capture), accept="text/html")
        assert answer.status in {200, 403}, (path, answer.body)
        assert not re.search(rf"{SECRET}|{COST}".encode(), answer.body), path


async def test_who_may_see_rates_sees_them_everywhere(as_: Any, machine: Machine) -> None:
    caller = await as_(PersonRole.ADMIN)
    capture = await machine.pool.fetchval("select max(id) from captures")
    paths = ("runs/run-1", f"captures/{capture}", "holds/hold-1", "reconciliation/break-1")
    blind = [path for path in paths if SECRET.encode() not in (await caller.get(f"/api/v1/{path}")).body]

    assert blind == []
