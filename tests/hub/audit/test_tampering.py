"""Whatever is done to the log, it is found: by the log itself, or with one checkpoint that was kept elsewhere."""

import pytest

from tests.hub.audit.conftest import SIGNER, Log
from throughline.core.checkpoints import Checkpoint, Signer
from throughline.core.merkle import Frontier, leaf_hash
from throughline.hub.audit import proving
from throughline.hub.audit.proving import NotProvable

COUNT = 6


@pytest.fixture(autouse=True)
async def filled(log: Log) -> None:
    await log.done(COUNT)
    assert (await log.verified()).fine


async def rewrite(log: Log, entries: list[str], signer: Signer) -> None:
    """Everything written anew, and signed as if it had always been so."""
    tree = Frontier()
    async with log.as_owner() as owner:
        times = [row["at"] for row in await owner.fetch("select at from audit_checkpoints order by seq")]
        for table in ("audit_log", "audit_checkpoints", "audit_nodes"):
            await owner.execute(f"delete from {table}")
        for n, entry in enumerate(entries):
            tree.append(leaf_hash(entry.encode()))
            await owner.execute("insert into audit_log values ($1, $2, $3)", n, entry, leaf_hash(entry.encode()))
            note = signer.sign(Checkpoint(tree.size, tree.root()))
            await owner.execute(
                "insert into audit_checkpoints (size, at, frontier, note) values ($1, $2, $3, $4)",
                tree.size, times[min(n, len(times) - 1)], b"".join(tree.roots), note,
            )  # fmt: skip


async def test_a_leaf_whose_text_was_changed(log: Log) -> None:
    await log.forge("update audit_log set entry = replace(entry, 'person-2', 'person-9') where seq = 2")

    found = await log.found()

    assert "Leaf 2 was changed" in found
    assert "The checkpoint of 3 leaves in the database does not match" in found


async def test_a_leaf_whose_text_and_hash_were_changed(log: Log) -> None:
    await log.forge(
        "update audit_log set entry = replace(entry, 'person-2', 'person-9') where seq = 2",
        r"update audit_log set hash = sha256('\x00'::bytea || convert_to(entry, 'UTF8')) where seq = 2",
    )

    found = await log.found()

    assert "Leaf 2 was changed" not in found
    assert "The checkpoint of 3 leaves in the database does not match" in found


@pytest.mark.parametrize("bit", range(0, 8, 3))
async def test_a_leaf_whose_hash_was_changed(log: Log, bit: int) -> None:
    await log.forge(f"update audit_log set hash = set_bit(hash, {bit}, 1 - get_bit(hash, {bit})) where seq = 4")

    assert "Leaf 4 was changed" in await log.found()


@pytest.mark.parametrize("seq", range(COUNT - 1))
async def test_a_leaf_that_was_deleted(log: Log, seq: int) -> None:
    await log.forge(f"delete from audit_log where seq = {seq}")

    assert f"Leaf {seq} is missing" in await log.found()


@pytest.mark.parametrize("seq", range(COUNT - 1))
async def test_a_leaf_that_was_deleted_and_the_others_moved_up(log: Log, seq: int) -> None:
    await log.forge(
        f"delete from audit_log where seq = {seq}",
        f"update audit_log set seq = -seq + 1 where seq > {seq}",
        "update audit_log set seq = -seq where seq < 0",
    )

    assert "does not match" in await log.found()


async def test_a_leaf_that_was_put_in(log: Log) -> None:
    await log.forge(
        "update audit_log set seq = -seq - 1 where seq >= 2",
        "update audit_log set seq = -seq where seq < 0",
        r"insert into audit_log values (2, '{}', sha256('\x007b7d'::bytea))",
    )

    assert "The checkpoint of 3 leaves in the database does not match" in await log.found()


async def test_a_leaf_that_is_there_twice(log: Log) -> None:
    await log.forge(
        "update audit_log set seq = -seq - 1 where seq >= 3",
        "update audit_log set seq = -seq where seq < 0",
        "insert into audit_log select 3, entry, hash from audit_log where seq = 2",
    )

    assert "The checkpoint of 4 leaves in the database does not match" in await log.found()


async def test_leaves_that_changed_places(log: Log) -> None:
    await log.forge(
        "update audit_log set seq = -1 where seq = 2",
        "update audit_log set seq = 2 where seq = 3",
        "update audit_log set seq = 3 where seq = -1",
    )

    assert "The checkpoint of 3 leaves in the database does not match" in await log.found()


async def test_a_leaf_added_at_the_end_that_nobody_signed(log: Log) -> None:
    await log.forge(rf"insert into audit_log values ({COUNT}, '{{}}', sha256('\x007b7d'::bytea))")

    assert f"Leaves from place {COUNT} on are under no checkpoint" in await log.found()


async def test_an_end_that_was_cut_off(log: Log) -> None:
    await log.forge("delete from audit_log where seq >= 4")

    assert "The log has 4 leaves and is shorter than the checkpoint of 6 in the database" in await log.found()


async def test_a_whole_log_that_is_gone(log: Log) -> None:
    await log.forge("delete from audit_log")

    assert "The log has 0 leaves and is shorter" in await log.found()


async def test_a_checkpoint_that_was_changed(log: Log) -> None:
    await log.forge("update audit_checkpoints set note = replace(note, E'\\n4\\n', E'\\n5\\n') where size = 4")

    assert "A checkpoint in the database is not to be believed: it is not signed" in await log.found()


async def test_a_checkpoint_that_was_exchanged_for_another(log: Log) -> None:
    await log.forge(
        "update audit_checkpoints set note = (select note from audit_checkpoints where size = 2) where size = 4"
    )

    assert "Checkpoint 4 is not where it belongs" in await log.found()


async def test_a_log_rewritten_and_signed_with_another_key(log: Log) -> None:
    entries = [each.replace("person-1", "person-9") for each in await log.entries()]
    await rewrite(log, entries, Signer(b"\x66" * 32))

    assert "is not to be believed" in await log.found()


async def test_a_row_of_the_journal_that_was_changed(log: Log) -> None:
    await log.forge("update journal set detail = '{\"reason\": \"another\"}' where object = 'hold-3'")

    assert "of the journal was changed: it is not what its leaf says" in await log.found()


@pytest.mark.parametrize("column", ["actor", "action", "object"])
async def test_a_row_of_the_journal_that_tells_of_somebody_else(log: Log, column: str) -> None:
    await log.forge(f"update journal set {column} = 'another' where object = 'hold-3'")

    assert "of the journal was changed" in await log.found()


async def test_a_row_of_the_journal_that_was_deleted(log: Log) -> None:
    await log.forge("delete from journal where object = 'hold-3'")

    assert "of the journal is missing: its leaf is there" in await log.found()


async def test_a_row_of_the_journal_that_was_put_in(log: Log) -> None:
    await log.forge(
        "insert into journal (at, actor, action, object, detail) select at, 'x', 'y', 'z', '{}' from journal limit 1"
    )

    assert "of the journal has no leaf: it was put in" in await log.found()


async def test_a_leaf_that_never_gets_its_place(log: Log) -> None:
    await log.waits(1)
    log.clock.advance(90)

    assert "1 leaves have waited for their place since" in await log.found()


# With a checkpoint from elsewhere


async def test_a_log_rewritten_with_the_stolen_key(log: Log) -> None:
    kept = (await log.notes())[2]
    entries = await log.entries()
    async with log.as_owner() as owner:
        await owner.execute("update journal set actor = 'person-9' where object = 'hold-1'")
    await rewrite(log, [each.replace("person-1", "person-9") for each in entries], SIGNER)

    assert await log.found() == ""
    assert "The checkpoint of 3 leaves kept elsewhere does not match" in await log.found(kept)


async def test_an_end_that_was_cut_off_together_with_its_checkpoints(log: Log) -> None:
    kept = (await log.notes())[-1]
    await log.forge(
        "delete from journal where object in ('hold-4', 'hold-5')",
        "delete from audit_log where seq >= 4",
        "delete from audit_checkpoints where size > 4",
    )

    assert await log.found() == ""
    assert "The log has 4 leaves and is shorter than the checkpoint of 6 kept elsewhere" in await log.found(kept)


async def test_a_cut_end_is_old_an_hour_later_where_nobody_signs(log: Log) -> None:
    await log.forge(
        "delete from journal where object in ('hold-4', 'hold-5')",
        "delete from audit_log where seq >= 4",
        "delete from audit_checkpoints where size > 4",
    )
    log.clock.advance(3_700)

    assert "the end of the log was cut off" in await log.found()


async def test_a_checkpoint_of_another_log_proves_nothing(log: Log) -> None:
    foreign = Signer(b"\x66" * 32).sign(Checkpoint(3, b"\x00" * 32))

    assert "A checkpoint kept elsewhere is not to be believed" in await log.found(foreign)


async def test_no_proof_is_given_of_a_leaf_that_was_changed(log: Log) -> None:
    assert (await proving.inclusion(log.machine, 2)).size == COUNT
    await log.forge("update audit_log set entry = replace(entry, 'person-2', 'person-9') where seq = 2")

    with pytest.raises(NotProvable, match="Leaf 2 does not lead to checkpoint 6"):
        await proving.inclusion(log.machine, 2)


async def test_no_proof_is_given_with_a_leaf_missing(log: Log) -> None:
    await log.forge("delete from audit_log where seq = 3")

    with pytest.raises(NotProvable, match="are missing"):
        await proving.inclusion(log.machine, 2)
