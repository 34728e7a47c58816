"""Leaves get their places once, in an order that is signed, whoever else works and whatever fails."""

import asyncio
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.hub.audit.conftest import SIGNER, Log
from throughline.core import exact
from throughline.core.checkpoints import Signer, notes
from throughline.hub.anchors import FileAnchor, NotAnchored, WebAnchor
from throughline.hub.audit import sequencer
from throughline.hub.wire import Raw, Request
from throughline.store.database import transaction


async def test_what_waits_gets_its_place_and_a_signed_checkpoint(log: Log) -> None:
    await log.waits(3)
    await log.tick()

    said = [exact.loads(each) for each in await log.entries()]
    (note,) = await log.notes()
    assert [each["object"] for each in said] == ["c-0", "c-1", "c-2"]
    assert (said[0]["at"], len(said[0]["digest"])) == ("2026-11-20T12:00:00.000000Z", 64)
    assert SIGNER.verifier.read(note).size == 3
    assert await log.waiting() == []
    assert (await log.verified()).fine


async def test_nothing_is_signed_anew_until_something_happens(log: Log) -> None:
    await log.done(1)
    await log.tick()
    await log.tick()

    assert len(await log.notes()) == 1


async def test_a_quiet_hour_ends_with_a_heartbeat(log: Log) -> None:
    await log.done(1)
    log.clock.advance(3_600)
    await log.tick()
    await log.tick()

    assert [exact.loads(each)["action"] for each in await log.entries()] == ["released", "heartbeat"]


async def test_two_sequencers_at_once_give_each_leaf_one_place(log: Log) -> None:
    await log.waits(20)
    await asyncio.gather(*(log.tick() for _ in range(5)))
    await log.tick()

    assert sorted(exact.loads(each)["object"] for each in await log.entries()) == sorted(f"c-{n}" for n in range(20))
    assert (await log.verified()).fine


async def test_more_than_a_batch_is_entered_in_one_tick(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequencer, "BATCH", 7)
    await log.waits(20)
    await log.tick()

    assert len(await log.entries()) == 20
    assert [SIGNER.verifier.read(each).size for each in await log.notes()] == [7, 14, 20]


async def test_a_leaf_committed_late_is_stepped_over_by_nobody(log: Log) -> None:
    async with transaction(log.pool) as slow:
        await slow.execute(
            "insert into audit_waiting (at, actor, action, object) values ($1, 'a', 'b', 'slow')", log.clock()
        )
        await log.waits(1)
        await log.tick()
    await log.tick()

    assert [exact.loads(each)["object"] for each in await log.entries()] == ["c-0", "slow"]


async def test_an_action_that_is_undone_leaves_nothing(log: Log) -> None:
    with pytest.raises(ZeroDivisionError):
        async with transaction(log.pool) as sql:
            await sql.execute(
                "insert into audit_waiting (at, actor, action, object) values ($1, 'a', 'b', 'c')", log.clock()
            )
            _ = 1 / 0
    await log.done(1)

    assert len(await log.entries()) == 1


async def test_another_key_adds_nothing_to_a_log_it_has_not_signed(log: Log) -> None:
    await log.done(2)
    await log.waits(1)

    await replace(log, signer=Signer(b"\x09" * 32)).tick()

    assert len(await log.entries()) == 2
    assert len(await log.waiting()) == 1


async def test_nothing_is_added_behind_a_frontier_that_was_changed(log: Log) -> None:
    await log.done(2)
    await log.forge(
        "update audit_checkpoints set frontier = set_byte(frontier, 0, 1 - sign(get_byte(frontier, 0))::int)"
    )
    await log.waits(1)

    await log.tick()

    assert len(await log.entries()) == 2


@pytest.mark.parametrize("table", ["audit_log", "audit_nodes"])
@pytest.mark.parametrize("deed", ["delete from {}", "truncate {}", "update {} set hash = hash"])
async def test_the_database_itself_refuses_to_take_back(log: Log, table: str, deed: str) -> None:
    await log.done(1)

    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="only ever added to"):
        await log.pool.execute(deed.format(table))


async def test_the_database_itself_refuses_to_exchange_a_checkpoint(log: Log) -> None:
    await log.done(1)

    for deed in ("delete from", "truncate", "update"):
        statement = f"{deed} audit_checkpoints{' set size = 1' if deed == 'update' else ''}"
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="only ever added to"):
            await log.pool.execute(statement)


# Elsewhere


@dataclass(slots=True)
class Web:
    """Answers with what it was told to."""

    status: int = 200
    asked: list[Request] = field(default_factory=list[Request])

    async def exchange(self, request: Request) -> Raw:
        self.asked.append(request)
        return Raw(self.status, {}, b"")


async def test_each_checkpoint_is_told_to_the_file(log: Log, tmp_path: Path) -> None:
    path = tmp_path / "elsewhere" / "kept.txt"
    log.anchor = FileAnchor(path)
    await log.done(3)

    kept = list(notes(path.read_text(encoding="utf-8")))
    assert [each.strip() for each in kept] == [each.strip() for each in await log.notes()]
    assert (await log.verified(*kept)).fine


async def test_what_was_not_taken_is_told_again_in_order(log: Log) -> None:
    web = Web(status=503)
    log.anchor = WebAnchor("https://witness.example/log", web)
    await log.done(2)
    web.status = 204
    web.asked.clear()
    await log.tick()
    await log.tick()

    assert [each.body.decode() for each in web.asked] == await log.notes()


async def test_a_file_that_cannot_be_written_stops_nothing(log: Log, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    anchor: Any = FileAnchor(tmp_path / "file" / "kept.txt")
    log.anchor = anchor
    await log.done(1)

    assert len(await log.entries()) == 1
    with pytest.raises(NotAnchored):
        await anchor.keep("note")
