"""What the machine does all day reads no table whole, also on plans that were made when the tables were empty."""

import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from throughline.core.checkpoints import Signer
from throughline.core.entities import Customer, Message, Project
from throughline.core.events import OpportunityWon
from throughline.core.reconciliation.definitions import comparison
from throughline.core.roles import Role
from throughline.core.workflow import Flow, workflow
from throughline.hub import engagements, overview, search
from throughline.hub.audit import Sequencer
from throughline.hub.boards.boards import BOARDS, board
from throughline.hub.clocks.following import follow
from throughline.hub.clocks.listed import Which, listed, of_engagement
from throughline.hub.clocks.looking import look
from throughline.hub.desk import batching, causes, hands, naming, queue
from throughline.hub.horizon import Horizon
from throughline.hub.kpis.figures import figures
from throughline.hub.quote_to_cash import quote_to_cash
from throughline.hub.reconciliation import making
from throughline.store import (
    accounts,
    audit_log,
    breaks,
    captures,
    entities,
    events,
    invoices,
    known,
    lanes,
    origins,
    parking,
    worth,
)
from throughline.store import engagements as stored
from throughline.store import runs as stored_runs
from throughline.store.parking import Place
from throughline.store.queue import Wanted

ROWS = 5_000
ENOUGH_TIMES = 12  # PostgreSQL keeps a plan for good after five; there is more than one connection

FILLED = {
    "captures": """(at, system, direction, state, method, url, outcome, correlation, request_headers, request_body,
                    answer_headers, answer_body)
      select $1, 'north', case n % 2 when 0 then 'in' else 'out' end, 'done', 'GET', '/', 'fine', 'x' || n, '{}', '',
             '{}', '' from numbers""",
    "events": """(id, type, subject, fields, correlation, at)
      select 'x' || n, 'OpportunityWon', 'x' || n, '{}', 'x' || n, $1 from numbers""",
    "runs": """(id, workflow, lane, event_type, event, subject, state, parts, reads, attempt, passes, correlation,
                created_at, updated_at)
      select 'x' || n, 'w', 'x' || n, 'OpportunityWon', '{}', 'x' || n, 'done', '[]', '{}', 0, 1, 'x' || n, $1, $1
      from numbers""",
    "effects": """(key, run, system, kind, entity, operation, rung, state, fields, attempts, at)
      select 'x' || n, 'x' || n, 'south', 'customer', 'x' || n, 'create', 'A', 'confirmed', '{}', 1, $1 from numbers""",
    "entities": """(id, kind, version, fields, unread, provenance, updated_at)
      select 'x' || n, 'opportunity', 1, jsonb_build_object('customer', 'y' || n), '{}', '{}', $1 from numbers""",
    "entity_versions": "(id, version, changed, source, at) select 'x' || n, 1, '{}', 'north', $1 from numbers",
    "links": """(system, kind, key, entity, sent, at)
      select 'north', 'customer', 'x' || n, 'x' || n, '{}', $1 from numbers""",
    "records": """(system, kind, key, digest, body, seen_at)
      select 'north', 'customer', 'x' || n, 'd', '{}', $1 from numbers""",
    "known_as": "(kind, said, entity, at) select 'resource', 'x' || n, 'x' || n, $1 from numbers",
    "unmet": "(system, kind, key, entity) select 'north', 'resource', 'x' || n, 'x' || n from numbers",
    "refusals": "(entity, field, system, value, at) select 'x' || n, 'f', 'north', '1', $1 from numbers",
    "lanes": "(key, fence) select 'x' || n, 1 from numbers",
    "holds": """(id, run, lane, subject, name, kind, why, fix, owner, choices, candidates, correlation, state,
                 opened_at)
      select 'x' || n, 'x' || n, 'x' || n, 'x' || n, 'h', 'hold', 'w', 'f', 'o', '{}', '[]', 'x' || n, 'closed', $1
      from numbers""",
    "decisions": """(hold, run, name, cause, how, person, at, outcome)
      select 'x' || n, 'x' || n, 'h', 'x' || n, 'released', 'p', $1, 'went through' from numbers""",
    "causes": "(id, kind, pattern, state, first_at) select 'x' || n, 'hold', 'w', 'open', $1 from numbers",
    "batches": """(id, state, action, said, query, canary, asked_by, reason, total, amounts, unknown, asked_at)
      select 'x' || n, 'done', 'release', '{}', '{}', false, 'p', 'r', 1, '{}', 0, $1 from numbers""",
    "batch_items": "(batch, n, hold, state) select 'x' || n, 0, 'x' || n, 'done' from numbers",
    "answers": "(run, name, choice, person, at) select 'x' || n, 'q', 'yes', 'p', $1 from numbers",
    "notices": "(system, id, at) select 'north', 'x' || n, $1 from numbers",
    "journal": "(at, actor, action, object, detail) select $1, 'a', 'b', 'x' || n, '{}' from numbers",
    "audit_log": """(seq, entry, hash)
      select 1000000 + n, json_build_object('engagement', 'x' || n, 'actor', 'x' || n, 'action', 'x' || n,
                                                    'object', 'x' || n, 'at', '2026-' || n)::text, '' from numbers""",
    "breaks": """(id, comparison, key, sort, about, engagement, fields, owner, amount, currency, state, times,
                  first_seen_at, since, last_seen_at)
      select 'x' || n, 'sold-planned', 'x' || n, 'missing', 'x' || n, 'x' || n, '{}', 'o', n, 'EUR', 'closed', 1,
             $1, $1, $1 from numbers""",
    "clocks": """(id, hop, subject, engagement, legal_entity, amount, currency, state, paused, began_at, due_at,
                  ended_at, spent_seconds)
      select 'x' || n, 'project_open', 'x' || n, 'x' || n, 'US', 1, 'USD', 'met', false,
             $1::timestamptz - interval '2 years', $1, $1::timestamptz - interval '1 year', 60 from numbers""",
    "work_months": """(project, period, engagement, legal_entity, currency, lines, unpriced, hours, approved,
                       drafted_lines, drafted, billed_lines, billed, open_hours, read_at)
      select 'x' || n, '2020-01', 'x' || n, 'US', 'USD', 1, 0, 1, 1, 0, 0, 1, 1, 0, $1 from numbers""",
    "billing_progress": """(legal_entity, period, at, lines, done)
      select 'x' || n, '2020-01', $1, 1, 1 from numbers""",
    "idempotency_keys": "(key, request, at) select 'x' || n, 'r', $1 from numbers",
}


@workflow("grows", on=OpportunityWon, lane=lambda won: won.opportunity)
async def grows(flow: Flow, won: OpportunityWon) -> None:
    deal = won.opportunity
    await flow.put(Customer.model_validate({"id": f"customer-{deal}", "name": "M"}), into=Role.ERP)
    work = {"id": f"project-{deal}", "name": "P", "customer": f"customer-{deal}", "currency": "EUR"}
    await flow.put(Project.model_validate(work), into=Role.PSA)
    await flow.put(Message.model_validate({"id": f"message-{deal}", "channel": "c", "text": "t"}), into=Role.CHAT)


class Day:
    """What happens on a day, one thing after the other; each is a new one of its kind."""

    def __init__(self, world: Any, deliver: Any) -> None:
        self.world, self.deliver, self.n = world, deliver, 0
        self.horizon = Horizon(world.pool)

    def parts(self) -> dict[str, Callable[[], Awaitable[object]]]:
        self.n += 1
        world, pool, deal = self.world, self.world.pool, f"deal-{self.n}"
        return {
            "a delivery is taken in": self._delivery,
            "deliveries are worked off": lambda: world.machine.intake().work_off("north"),
            "records are settled": self._heard,
            "somebody gets a name": lambda: known.known_as(pool, "resource", {deal: deal}, now=world.clock()),
            "somebody is pointed at": lambda: known.await_meeting(pool, "north", [(("resource", deal), deal)]),
            "somebody is met": lambda: known.met(pool, "north", "resource", [deal]),
            "a process begins": lambda: world.start(OpportunityWon(opportunity=deal)),
            "a process runs": world.work,
            "polls are due": world.machine.polls().all_due,
            "due lanes are looked for": lambda: lanes.due(pool, now=world.clock(), limit=500),
            "parked lanes are let go": self._let_go,
            "lanes are expired": lambda: lanes.expire(pool, now=world.clock(), silent_since=world.clock()),
            "unread is looked for": lambda: captures.systems_with_unread(pool),
            "the pulse": lambda: stored.pulse(pool),
            "the newest event": lambda: events.newest(pool),
            "an event is waited for": lambda: stored_runs.happened(pool, "X", deal, since=world.clock()),
            "engagements are listed": lambda: overview.deals(world.machine),
            "the queue is listed": lambda: queue.page(world.machine, Wanted()),
            "an owner's queue is listed": lambda: queue.page(world.machine, Wanted(owner="o")),
            "closed holds are listed": lambda: queue.page(world.machine, Wanted(state="closed", cause="c")),
            "the queue is added up": lambda: queue.total(pool, Wanted()),
            "causes are listed": lambda: queue.groups(world.machine, Wanted()),
            "what worked before": lambda: causes.ways(pool, "c"),
            "batches go on": lambda: batching.all_running(world.machine),
            "snoozed holds come back": lambda: hands.wake_snoozed(world.machine),
            "holds without a cause are named": lambda: naming.all_nameless(world.machine),
            "runs are listed": lambda: overview.executions(world.machine, workflow=None, state=None),
            "captures are listed": lambda: overview.exchanges(world.machine, system=None, state=None, engagement=None),
            "one engagement's captures": lambda: captures.exchanges(pool, deal),
            "one capture": lambda: captures.one(pool, 5),
            "one engagement": lambda: engagements.one(world.machine, deal),
            "anything is found": lambda: search.anything(world.machine, f"c{self.n} 1,200.00"),
            "an amount is found": lambda: search.anything(world.machine, "1,200.00"),
            "any id is traced": lambda: stored.behind(pool, [deal]),
            "leaves get their places": Sequencer(pool, Signer(b"1" * 32), world.clock).tick,
            "the audit log is listed": lambda: audit_log.newest_leaves(pool, {}, limit=50),
            **{
                f"the audit log of one {name}": lambda name=name: audit_log.newest_leaves(
                    pool, {name: deal}, since="2026-20", until="2026-21", before=("2026-21", 5), limit=50
                )
                for name in audit_log.ASKED
            },
            "an engagement's leaves": lambda: audit_log.of_engagement(pool, deal),
            "the leaves of a time": lambda: audit_log.places_within(pool, "2026-20", "2026-21"),
            "a comparison is made": lambda: making.make(world.machine, comparison("sold-planned"), early=True),
            "breaks are listed": lambda: breaks.queue(pool),
            "an engagement's breaks": lambda: breaks.queue(pool, engagement=deal),
            "breaks that are over": lambda: breaks.closed(pool),
            "an engagement's money": lambda: worth.of_deal(pool, deal),
            "an engagement's invoices": lambda: invoices.of_deal(pool, deal),
            "why each value is what it is": lambda: self._origins(deal),
            "an account is looked for": lambda: accounts.called(pool, "customer", [deal]),
            "an account's contracts": lambda: entities.naming(
                pool, "contract", "customer", deal, since=None, until=None
            ),
            "an account's work": lambda: accounts.not_billed(pool, [deal]),
            "the log is followed": lambda: follow(world.machine, self.horizon),
            "clocks are looked at": lambda: look(world.machine),
            "the key figures": lambda: figures(world.machine),
            "quote to cash": lambda: quote_to_cash(world.machine),
            "clocks that run": lambda: listed(world.machine, "project_open"),
            "clocks that ended": lambda: listed(world.machine, "project_open", which=Which.MISSED),
            "an engagement's clocks": lambda: of_engagement(world.machine, deal),
            **{f"the board {name}": partial(board, world.machine, name) for name in BOARDS},
            "an entity's history": lambda: entities.versions(pool, deal),
        }

    async def _origins(self, deal: str) -> None:
        await origins.things(self.world.pool, [deal])
        await origins.refused(self.world.pool, [deal])
        await origins.exchanges(self.world.pool, [("south", deal, self.world.clock() - timedelta(days=1))])

    async def _delivery(self) -> None:
        at = self.world.clock().isoformat()
        record = {"id": f"D{self.n}", "changed": at, "name": "n", "stage": "open"}
        said = {"id": f"notice-{self.n}", "kind": "opportunity", "key": f"D{self.n}", "record": record}
        await self.world.machine.intake().accept("north", *self.deliver(said))

    async def _let_go(self) -> None:
        now, lane = self.world.clock(), f"parked-{self.n}"
        await lanes.wake(self.world.pool, [lane], at=now + timedelta(hours=1))
        await parking.park(self.world.pool, lane, Place("south", 1, now, now), now=now)
        assert await parking.let_go(self.world.pool, await parking.places(self.world.pool), limit=50, now=now) == [lane]
        await self.world.pool.execute("delete from lanes where key = $1", lane)

    async def _heard(self) -> None:
        at = self.world.clock().isoformat()
        await self.world.heard("north", "customer", {"id": f"C{self.n}", "changed": at, "name": f"c{self.n}"})


async def read_whole(pool: Any) -> dict[str, int]:
    """How many rows of each large table were read by reading it from end to end."""
    async with pool.acquire() as connection:
        await connection.execute("select pg_stat_force_next_flush()")
        await connection.execute("select pg_stat_clear_snapshot()")
        rows = await connection.fetch("select relname, seq_tup_read from pg_stat_user_tables")
    return {row["relname"]: row["seq_tup_read"] for row in rows if row["relname"].split("_")[0] in _LARGE}


_LARGE = {name.split("_")[0] for name in FILLED}


async def flushed(pool: Any) -> None:
    """Each connection tells what it counted only when it is asked, or long after."""
    held = [await pool.acquire() for _ in range(pool.get_size())]
    for connection in held:
        await connection.execute("select pg_stat_force_next_flush()")
    for connection in held:
        await pool.release(connection)


@asynccontextmanager
async def grown(opened: Any, deliver: Any) -> AsyncGenerator[Day]:
    """A machine that has done it all a few times on empty tables, which then are filled behind its back."""
    world = await opened(grows)
    day = Day(world, deliver)
    for _ in range(ENOUGH_TIMES):
        for part in day.parts().values():
            await part()
        world.clock.advance(61)
    done = await world.pool.fetchval("select count(*) from runs where state = 'done'")
    assert (done, await world.pool.fetchval("select count(*) from effects")) == (ENOUGH_TIMES, 3 * ENOUGH_TIMES)
    for table, said in FILLED.items():
        numbers = f"with numbers as (select generate_series(1, {ROWS}) as n) insert into {table} {said}"
        await world.pool.execute(numbers, *([world.clock()] if "$1" in said else []))
    yield day


async def scanned(day: Day) -> list[str]:
    """Everything once more; which part of the day read which table whole."""
    found: list[str] = []
    pool = day.world.pool
    for name, part in day.parts().items():
        await flushed(pool)
        before = await read_whole(pool)
        await part()
        await flushed(pool)
        after = await read_whole(pool)
        found += [
            f"{name}: {t} ({n - before.get(t, 0)} rows)" for t, n in after.items() if n - before.get(t, 0) >= 1000
        ]
    return found


async def test_nothing_reads_a_table_whole_on_a_plan_that_was_made_when_it_was_empty(opened: Any, deliver: Any) -> None:
    async with grown(opened, deliver) as day:
        assert await scanned(day) == []


async def test_a_statement_that_reads_a_table_whole_is_found(opened: Any, deliver: Any) -> None:
    async with grown(opened, deliver) as day:
        pool = day.world.pool
        day.parts = lambda: {"a count": lambda: pool.fetchval("select max(why) from runs")}  # type: ignore[method-assign] - one fault

        (found,) = await scanned(day)

    assert found.startswith("a count: runs (50")


@pytest.mark.parametrize(
    ("statement", "arguments"),
    [
        ("select * from captures where id = $1", (1,)),
        ("select id from captures where id = any($1) and state = 'new' order by id for update skip locked", ([1, 2],)),
        ("update captures set state = 'done' where id = any($1) and state = 'new'", ([1, 2],)),
    ],
)
async def test_one_capture_is_looked_for_in_its_month_alone(pool: Any, statement: str, arguments: tuple[Any]) -> None:
    plan = "\n".join(row[0] for row in await pool.fetch(f"explain {statement}", *arguments))

    assert set(re.findall(r"using (captures_\d)", plan)) == {"captures_0"}
