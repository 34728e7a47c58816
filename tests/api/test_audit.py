"""The audit log over HTTP: what was done, what proves it, and whether it is as it was signed."""

from pathlib import Path
from typing import Any

import pytest

from tests.console.test_routes import Browser
from throughline.core import merkle
from throughline.core.checkpoints import Verifier
from throughline.hub.audit import Sequencer, offline
from throughline.hub.machine import Machine
from throughline.store import journal


@pytest.fixture
async def signed(machine: Machine, clock: Any) -> int:
    """Five leaves, the last of one engagement; says how long the log is."""
    for n in range(5):
        await journal.note(
            machine.pool, actor="Ada", action="released", object_=f"hold-{n}", detail={"n": n}, now=clock()
        )
    await machine.pool.execute("update audit_waiting set engagement = 'deal-1' where object = 'hold-4'")
    assert machine.signer
    await Sequencer(machine.pool, machine.signer, clock).tick()
    size: int = await machine.pool.fetchval("select count(*) from audit_log")
    return size


async def test_leaves_are_listed_newest_first_page_by_page(signed: int, caller: Any) -> None:
    first = (await caller.get("/api/v1/audit/leaves?limit=2")).json
    second = (await caller.get(f"/api/v1/audit/leaves?limit=2&cursor={first['next']}")).json

    places = [each["seq"] for each in (*first["data"], *second["data"])]
    assert places == [signed - 1, signed - 2, signed - 3, signed - 4]
    assert first["data"][0]["said"]["object"] == "hold-4"
    assert (await caller.get("/api/v1/audit/leaves?cursor=x")).problem["code"] == "invalid_cursor"


async def test_leaves_of_one_engagement_are_listed(signed: int, caller: Any) -> None:
    (only,) = (await caller.get("/api/v1/audit/leaves?engagement=deal-1")).json["data"]

    assert (only["seq"], only["said"]["actor"]) == (signed - 1, "Ada")


async def test_a_proof_holds_for_whoever_has_the_key(signed: int, caller: Any) -> None:
    proof = (await caller.get(f"/api/v1/audit/leaves/{signed - 2}/proof")).json
    at = Verifier.of(proof["public_key"]).read(proof["checkpoint"])

    hash_, path = merkle.leaf_hash(proof["entry"].encode()), [bytes.fromhex(each) for each in proof["path"]]
    assert at.size == proof["size"] == signed
    assert merkle.is_included(hash_, signed - 2, size=at.size, path=path, root=at.root)
    for place in (signed, 2**62):
        assert (await caller.get(f"/api/v1/audit/leaves/{place}/proof")).problem["code"] == "not_found"


async def test_growth_since_a_kept_checkpoint_is_proved(signed: int, caller: Any, machine: Machine, clock: Any) -> None:
    kept = (await caller.get("/api/v1/audit/checkpoint")).json
    await journal.note(machine.pool, actor="Ada", action="released", object_="hold-9", detail={}, now=clock())
    assert machine.signer
    await Sequencer(machine.pool, machine.signer, clock).tick()

    found = (await caller.get(f"/api/v1/audit/growth?before={kept['size']}")).json

    verifier, path = Verifier.of(kept["public_key"]), [bytes.fromhex(each) for each in found["path"]]
    old, new = verifier.read(kept["checkpoint"]), verifier.read(found["checkpoint"])
    assert (old.size, new.size) == (signed, signed + 1)
    assert merkle.is_consistent(old.size, new.size, old=old.root, new=new.root, path=path)
    assert (await caller.get("/api/v1/audit/growth?before=99999")).problem["code"] == "not_found"


async def test_the_whole_log_is_verified(signed: int, caller: Any) -> None:
    found = (await caller.get("/api/v1/audit/verification")).json

    assert (found["fine"], found["leaves"], found["findings"]) == (True, signed, [])


async def test_what_was_changed_is_said_and_not_proved(signed: int, caller: Any, machine: Machine) -> None:
    async with machine.pool.acquire() as owner:
        await owner.execute("set session_replication_role = replica")
        await owner.execute("update audit_log set entry = replace(entry, 'Ada', 'Eve') where seq = $1", signed - 1)
        await owner.execute("set session_replication_role = origin")

    found = (await caller.get("/api/v1/audit/verification")).json
    problem = (await caller.get(f"/api/v1/audit/leaves/{signed - 1}/proof")).problem

    assert not found["fine"] and f"Leaf {signed - 1} was changed" in found["findings"][0]
    assert (problem["code"], problem["status"]) == ("not_provable", 409)


async def test_a_log_nobody_has_signed_yet_has_no_checkpoint(caller: Any) -> None:
    assert (await caller.get("/api/v1/audit/checkpoint")).problem["code"] == "not_found"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("actor=Ada", 5),
        ("actor=nobody", 0),
        ("action=released&object=hold-1", 1),
        ("since=2026-11-20T00:00:00Z&until=2026-11-21T00:00:00Z&actor=Ada", 5),
        ("since=2026-11-21T00:00:00%2B02:00&actor=Ada", 0),
    ],
)
async def test_leaves_are_chosen_by_person_action_object_and_time(
    signed: int, caller: Any, query: str, found: int
) -> None:
    del signed
    assert len((await caller.get(f"/api/v1/audit/leaves?{query}")).json["data"]) == found


@pytest.mark.parametrize(
    "query", ["since=yesterday", "since=2026-11-20", "since=0001-01-01T00:00:00%2B14:00", "until=7"]
)
async def test_a_moment_that_is_none_is_refused(caller: Any, query: str) -> None:
    assert (await caller.get(f"/api/v1/audit/leaves?{query}")).problem["code"] == "invalid"


async def test_an_evidence_pack_is_taken_home(signed: int, caller: Any, doors: Any, tmp_path: Path) -> None:
    del signed
    time = "since=2026-11-01T00:00:00Z&until=2026-12-01T00:00:00Z"
    # A stream ends when its reader goes away, which `caller` does at once.
    (tmp_path / "e.zip").write_bytes(await Browser(doors).download(f"/api/v1/audit/evidence?{time}"))

    assert " as signed in the checkpoint of " in offline.check(offline.read(tmp_path / "e.zip"), None, None)
    assert (await caller.get("/api/v1/audit/evidence?engagement=nobody")).problem["code"] == "not_found"
    assert (await caller.get("/api/v1/audit/evidence")).problem["code"] == "invalid"
