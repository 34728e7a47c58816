"""The door for webhooks: checked, committed, and only then acknowledged; each thing taken in once."""

import asyncio
import json
from typing import Any

import asyncpg
import pytest

from throughline.core.events import OpportunityWon
from throughline.core.workflow import workflow
from throughline.hub.intake import LARGEST_DELIVERY, Reception
from throughline.hub.wire import Lost, Raw
from throughline.store.database import connected


@workflow("count", on=OpportunityWon, lane=lambda event: event.opportunity)
async def counted(_flow: Any, _event: Any) -> None:
    """Does nothing; its runs are counted."""


def notice(n: int = 1, key: str = "N1", **more: Any) -> dict[str, Any]:
    return {"id": f"notice-{n}", "kind": "opportunity", "key": key, **more}


def deal(stage: str = "won", key: str = "N1", changed: str = "2026-11-20T11:00:00+00:00", **more: Any) -> Any:
    return {"id": key, "name": "A deal", "stage": stage, "changed": changed, **more}


async def stages(world: Any) -> list[str]:
    rows = await world.pool.fetch("select fields ->> 'stage' as stage from entities order by id")
    return [row["stage"] for row in rows]


async def events(world: Any) -> list[str]:
    return [row["type"] for row in await world.pool.fetch("select type from events order by seq")]


# ---- at the door


async def test_a_signed_delivery_is_committed_before_it_is_acknowledged(world: Any, deliver: Any) -> None:
    reception, _ = await world.machine.intake().accept("north", *deliver(notice()))

    (row,) = await world.pool.fetch("select * from captures")
    assert reception is Reception.TAKEN
    assert (row["direction"], row["state"], row["url"]) == ("in", "new", "/hooks/north")
    assert json.loads(row["request_body"]) == notice()


def forged(how: str, headers: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
    match how:
        case "unsigned":
            return {name: value for name, value in headers.items() if name != "x-signature"}, body
        case "wrong":
            return headers | {"x-signature": "0" * 64}, body
        case "another body":
            return headers, body + b" "
        case _:
            return headers | {"x-at": str(float(headers["x-at"]) + 1)}, body


@pytest.mark.parametrize("how", ["unsigned", "wrong", "another body", "another time"])
async def test_what_is_not_signed_for_this_body_is_kept_as_refused_and_nothing_else(
    opened: Any, deliver: Any, how: str
) -> None:
    world = await opened(counted)

    reception, text = await world.machine.intake().accept("north", *forged(how, *deliver(notice(record=deal()))))
    await world.machine.intake().work_off("north")

    (row,) = await world.captures()
    assert (reception, text) == (Reception.REFUSED, "the signature does not fit this body, or is too old")
    assert (row["state"], row["outcome"]) == ("refused", "signature")
    assert await stages(world) == []
    assert await world.runs() == []


@pytest.mark.parametrize("late", [301, -301])
async def test_an_old_or_early_signature_is_refused(world: Any, deliver: Any, late: float) -> None:
    reception, _ = await world.machine.intake().accept("north", *deliver(notice(), late=late))

    assert reception is Reception.REFUSED


async def test_somebody_else_s_secret_is_refused(world: Any, deliver: Any) -> None:
    reception, _ = await world.machine.intake().accept("north", *deliver(notice(), secret="other"))

    assert reception is Reception.REFUSED


async def test_a_delivery_that_is_too_large_is_refused_and_its_beginning_kept(world: Any, deliver: Any) -> None:
    headers, body = deliver(b"{" + b" " * LARGEST_DELIVERY)

    reception, _ = await world.machine.intake().accept("north", headers, body)

    (row,) = await world.captures()
    assert reception is Reception.TOO_LARGE
    assert (row["state"], len(row["request_body"])) == ("refused", 1000)


@pytest.mark.parametrize("name", ["nobody", "south"])
async def test_a_system_that_is_not_there_or_sends_nothing_is_unknown(world: Any, deliver: Any, name: str) -> None:
    reception, _ = await world.machine.intake().accept(name, *deliver(notice()))

    assert reception is Reception.UNKNOWN
    assert await world.captures() == []


async def test_a_challenge_is_answered(world: Any, deliver: Any) -> None:
    assert await world.machine.intake().accept("north", *deliver(notice(challenge="4711"))) == (
        Reception.TAKEN,
        "4711",
    )


async def test_nothing_is_acknowledged_while_the_database_is_away_and_nothing_is_lost(
    opened: Any, deliver: Any, database_url: str
) -> None:
    async with connected(database_url, size=2) as weak:
        world = await opened(counted, its_pool=weak)
        intake = world.machine.intake()
        await world.machine.firms.current()
        await weak.execute("alter table captures rename to captures_away")

        with pytest.raises(asyncpg.PostgresError):
            await intake.accept("north", *deliver(notice(record=deal())))

        await weak.execute("alter table captures_away rename to captures")
        await world.machine.captures.safe()
        await intake.accept("north", *deliver(notice(record=deal())))
        await intake.work_off("north")
        assert len(await world.captures()) == 2
        assert len(await world.runs()) == 1


async def test_secrets_in_a_delivery_are_not_kept(world: Any, deliver: Any) -> None:
    headers, body = deliver(notice(token="legacy-verification", note="north-hook-secret"))

    await world.machine.intake().accept("north", headers | {"authorization": "Bearer abc"}, body)

    (row,) = await world.captures()
    kept = bytes(row["request_body"]).decode() + str(row["request_headers"])
    assert not any(secret in kept for secret in ("legacy-verification", "north-hook-secret", "Bearer abc"))
    assert await world.machine.intake().work_off("north") == 1


# ---- afterwards


async def test_a_thin_notice_is_read_afresh_and_starts_what_it_means(opened: Any, deliver: Any, estate: Any) -> None:
    world = await opened(counted)
    estate.enter("north", "deals", id="N1", name="A deal", stage="won")
    await world.machine.intake().accept("north", *deliver(notice()))

    assert await world.machine.intake().work_off("north") == 1

    assert await stages(world) == ["won"]
    (run,) = await world.runs()
    assert (run["workflow"], run["state"]) == ("count", "due")
    assert [row["state"] for row in await world.captures() if row["direction"] == "in"] == ["done"]


async def test_a_delivery_that_comes_twice_has_one_effect(opened: Any, deliver: Any, estate: Any) -> None:
    world = await opened(counted)
    estate.enter("north", "deals", id="N1", name="A deal", stage="won")

    for _ in range(2):
        await world.machine.intake().accept("north", *deliver(notice()))
    assert await world.machine.intake().work_off("north") == 2
    await world.machine.intake().accept("north", *deliver(notice()))
    assert await world.machine.intake().work_off("north") == 1

    assert await events(world) == ["OpportunityWon"]
    assert len(await world.runs()) == 1
    assert len(estate.calls("GET", "/deals/N1")) == 1


async def test_many_notices_about_one_thing_are_one_question(world: Any, deliver: Any, estate: Any) -> None:
    estate.enter("north", "deals", id="N1", name="A deal", stage="won")
    for n in range(5):
        await world.machine.intake().accept("north", *deliver(notice(n)))

    await world.machine.intake().work_off("north")

    assert len(estate.calls("GET", "/deals/N1")) == 1


@pytest.mark.parametrize("body", [b"{not json", b"[1,2]", b'"text"', b"null", b"{}", b"", b"\xff\xfe"])
async def test_a_signed_delivery_that_makes_no_sense_is_kept_as_failed_and_costs_the_others_nothing(
    world: Any, deliver: Any, body: bytes
) -> None:
    for each in (notice(1, record=deal(key="N1")), body, notice(2, key="N2", record=deal(key="N2"))):
        assert (await world.machine.intake().accept("north", *deliver(each)))[0] is Reception.TAKEN

    await world.machine.intake().work_off("north")

    assert [row["state"] for row in await world.captures()] == ["done", "failed", "done"]
    assert "cannot be understood" in (await world.captures())[1]["outcome"]
    assert await stages(world) == ["won", "won"]


async def test_a_delivery_that_brings_a_fault_to_light_is_set_aside_with_its_reason(world: Any, deliver: Any) -> None:
    poison = deal(key="N2") | {"id": "N2\x00"}
    for n, record in enumerate((deal(key="N1"), poison, deal(key="N3"))):
        await world.machine.intake().accept("north", *deliver(notice(n, key=f"N{n + 1}", record=record)))

    assert await world.machine.intake().work_off("north") == 3

    assert [row["state"] for row in await world.captures()] == ["done", "failed", "done"]
    assert "CharacterNotInRepertoireError" in (await world.captures())[1]["outcome"]
    assert len(await stages(world)) == 2


async def test_a_notice_whose_record_may_not_be_read_is_set_aside_with_its_reason(
    world: Any, deliver: Any, estate: Any
) -> None:
    estate.fail("GET", "/deals/N1", answer=Raw(403, {}, b'{"why":"no access"}'))
    estate.enter("north", "deals", id="N2", name="Another", stage="won")
    for n in (1, 2):
        await world.machine.intake().accept("north", *deliver(notice(n, key=f"N{n}")))

    await world.machine.intake().work_off("north")

    first, second = [row for row in await world.captures() if row["direction"] == "in"]
    assert (first["state"], second["state"]) == ("failed", "done")
    assert "no access" in first["outcome"]
    assert await stages(world) == ["won"]


async def test_our_own_echo_is_ignored(opened: Any, deliver: Any, estate: Any) -> None:
    world = await opened(counted)
    await world.machine.intake().accept("north", *deliver(notice(author="throughline")))
    await world.machine.intake().accept("north", *deliver(notice(2, author="throughline", record=deal())))

    await world.machine.intake().work_off("north")

    assert estate.calls("GET") == []
    assert await stages(world) == []
    assert [row["state"] for row in await world.captures()] == ["done", "done"]


async def test_a_system_that_is_unwell_leaves_the_deliveries_for_later(opened: Any, deliver: Any, estate: Any) -> None:
    world = await opened(counted)
    estate.enter("north", "deals", id="N1", name="A deal", stage="won")
    estate.fail("GET", "/deals/N1", error=Lost("reset"))
    await world.machine.intake().accept("north", *deliver(notice()))

    assert await world.machine.intake().work_off("north") == 0
    assert [row["state"] for row in await world.captures() if row["direction"] == "in"] == ["new"]
    assert await world.pool.fetchval("select why from cursors") == "north did not answer: reset"

    assert await world.machine.intake().work_off("north") == 1
    assert await events(world) == ["OpportunityWon"]


async def test_an_older_state_that_is_delivered_late_is_not_believed(opened: Any, deliver: Any) -> None:
    world = await opened(counted)
    states = [
        deal("won", changed="2026-11-20T11:00:00+00:00"),
        deal("negotiation", changed="2026-11-20T12:59:00+02:00"),
        deal("won", changed="2026-11-20T11:00:00+00:00"),
    ]
    for n, record in enumerate(states):
        await world.machine.intake().accept("north", *deliver(notice(n, record=record)))
        await world.machine.intake().work_off("north")

    assert await stages(world) == ["won"]
    assert await events(world) == ["OpportunityWon"]


async def test_the_later_of_two_states_in_one_batch_is_believed(world: Any, deliver: Any) -> None:
    states = [deal("won"), deal("negotiation", changed="2026-11-20T10:00:00+00:00")]
    for n, record in enumerate(states):
        await world.machine.intake().accept("north", *deliver(notice(n, record=record)))

    await world.machine.intake().work_off("north")

    assert await stages(world) == ["won"]


async def test_two_workers_do_not_work_off_one_delivery_twice(opened: Any, deliver: Any, estate: Any) -> None:
    first, second = await opened(counted), await opened(counted, worker="worker-2")
    for n in range(20):
        estate.enter("north", "deals", id=f"N{n}", name="A deal", stage="won")
        await first.machine.intake().accept("north", *deliver(notice(n, key=f"N{n}")))

    done = await asyncio.gather(*(each.machine.intake().work_off("north") for each in (first, second) * 3))

    assert sum(done) == 20
    assert len(await first.runs()) == 20
    assert len(estate.calls("GET", "/deals/")) == 20


async def test_a_worker_that_comes_in_after_a_lease_ran_out_does_not_repeat_what_the_first_one_finishes(
    opened: Any, deliver: Any, estate: Any
) -> None:
    first, second = await opened(counted), await opened(counted, worker="worker-2")
    estate.enter("north", "deals", id="N1", name="A deal", stage="won")
    await first.machine.intake().accept("north", *deliver(notice()))

    async def meanwhile() -> None:
        first.clock.advance(61)
        await second.machine.intake().work_off("north")

    estate.fail("GET", "/deals/N1", before=meanwhile)

    assert await first.machine.intake().work_off("north") == 0
    assert await events(first) == ["OpportunityWon"]
    assert len(await first.runs()) == 1


async def test_a_delivery_wakes_a_worker_once_however_many_come(world: Any, deliver: Any) -> None:
    intake = world.machine.intake()
    for n in range(10):
        await intake.accept("north", *deliver(notice(n)))
    await asyncio.gather(*intake._waking)

    assert await world.pool.fetchval("select count(*) from pgqueuer where entrypoint = 'deliveries'") == 1


async def test_what_an_unread_kind_says_is_passed_over(world: Any, deliver: Any) -> None:
    await world.machine.intake().accept("north", *deliver(notice() | {"kind": "invoice"}))

    assert await world.machine.intake().work_off("north") == 1

    assert [row["state"] for row in await world.captures()] == ["done"]
