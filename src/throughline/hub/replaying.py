"""Replaying: the turns of a replay, which workers take until it is over. Whoever dies in one is followed by another."""

import asyncio
import contextlib
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

import asyncpg
import structlog

from throughline.core.errors import Hold, Retry
from throughline.hub import plan, replays, second_tries
from throughline.hub.applied import Applied
from throughline.hub.machine import Machine
from throughline.hub.plan import Preview
from throughline.store import dead_letters, lanes
from throughline.store import replays as stored
from throughline.store.database import AWAY, Pool, Row, transaction
from throughline.store.entities import Overtaken

log = structlog.get_logger()

AT_ONCE = 500
SIDE_BY_SIDE = 8
TRIES = 3
LEASE = timedelta(minutes=2)


async def all_running(machine: Machine) -> int:
    """One turn of each replay that is not over; returns how many there are."""
    running = await stored.running(machine.pool)
    for id_ in running:
        await turn(machine, id_)
    return len(running)


async def turn(machine: Machine, id_: str) -> bool:
    """Go on with a replay for a while; whether it is over. Nothing happens if somebody else is at it."""
    row = await stored.claim(machine.pool, id_, now=machine.clock(), lease=LEASE)
    if row is None:
        return (await replays.progress(machine, id_)).row["state"] != "running"
    turning = _Turn(machine, await machine.firms.current(), row)
    if await turning.go_on():
        told = await replays.summary(machine, id_) if row["dry_run"] else {}
        return await stored.finish(machine.pool, id_, state="done", summary=told, now=machine.clock())
    await stored.rest(machine.pool, id_, held=turning.held)
    return False


class _Turn:
    """One worker's turn."""

    def __init__(self, machine: Machine, applied: Applied, row: Row) -> None:
        self.machine, self.applied, self.id = machine, applied, row["id"]
        self.held, self.dry = row["lease_until"], row["dry_run"]

    async def go_on(self) -> bool:
        """Whether nothing is left to do."""
        await stored.look(self.machine.pool, self.id, now=self.machine.clock())
        rows = await stored.next_items(self.machine.pool, self.id, limit=AT_ONCE)
        waiting = [row for row in rows if row["state"] == "waiting"]
        if runs := [row["what"] for row in waiting if row["source"] == "run" and not self.dry]:
            await self._runs(runs)
        others = [row for row in waiting if self.dry or row["source"] != "run"]
        for n in range(0, len(others), SIDE_BY_SIDE):
            if not await self._still_ours():
                return False
            await self._all(others[n : n + SIDE_BY_SIDE])
        return not rows

    async def _all(self, rows: list[Row]) -> None:
        """Those of one rank do not need each other. Whatever one meets, the others come to their end first."""
        done = await asyncio.gather(*(self._gone_through(row) for row in rows), return_exceptions=True)
        for each in done:
            if isinstance(each, BaseException):
                raise each

    async def _gone_through(self, row: Row) -> None:
        await self._ended(row, *await self._one(row))

    async def _runs(self, runs: list[str]) -> None:
        """Runs pass in their lanes, as many at a time as there are workers for."""
        now = self.machine.clock()
        async with transaction(self.machine.pool) as sql:
            woken = await stored.runs_again(sql, self.id, runs, now=now)
            await lanes.wake(sql, woken, at=now)
        await self.machine.wakes.now(woken)

    async def _one(self, row: Row) -> tuple[str, str, dict[str, Any] | None]:
        """An item nobody foresaw is left with its reason: those behind it go on."""
        for _ in range(TRIES):
            # Of two that say something new of one thing in the same moment, one is tried again.
            with contextlib.suppress(Overtaken, asyncpg.TransactionRollbackError):
                return await self._tried(row)
        return "left", "others keep changing the same", None

    async def _tried(self, row: Row) -> tuple[str, str, dict[str, Any] | None]:
        try:
            return await (self._planned(row) if self.dry else self._taken_in(row))
        except (Hold, Retry) as error:
            return "left", error.why, None
        except (Overtaken, *AWAY):
            raise
        except Exception as error:
            log.exception("replay.defect", replay=self.id, what=row["what"])
            return "left", f"{type(error).__name__}: {error}", None

    async def _taken_in(self, row: Row) -> tuple[str, str, dict[str, Any] | None]:
        state, why, woken = await again(self.machine, self.machine.pool, self.applied, row)
        await self.machine.wakes.now(woken)
        return state, why, {"lanes": woken}

    async def _planned(self, row: Row) -> tuple[str, str, dict[str, Any]]:
        why, previews = await previewed(self.machine, self.applied, row)
        said = {"runs": [_told(each) for each in previews]}
        return "left" if why else "done", why or _in_words(previews), said

    async def _ended(self, row: Row, state: str, outcome: str, detail: dict[str, Any] | None) -> None:
        await stored.ended(self.machine.pool, self.id, row["n"], state=state, outcome=outcome, detail=detail,
                           now=self.machine.clock())  # fmt: skip

    async def _still_ours(self) -> bool:
        """Once a lease is a quarter over it is made whole; one that was cancelled cannot be."""
        now = self.machine.clock()
        until = now + LEASE
        if until - self.held < LEASE / 4 and not await self._was_cancelled():
            return True
        if not await stored.hold(self.machine.pool, self.id, held=self.held, until=until):
            return False
        self.held = until
        return True

    async def _was_cancelled(self) -> bool:
        row = await stored.one(self.machine.pool, self.id)
        return row is None or row["state"] != "running"


async def again(machine: Machine, pool: Pool, applied: Applied, row: Row) -> tuple[str, str, list[str]]:
    """Take in a delivery or a record once more: how it stands, in words, and the lanes it concerns."""
    letter = await dead_letters.one(pool, row["what"]) if row["source"] == "dead_letter" else None
    if row["source"] == "dead_letter" and letter is None:
        return "left", "it is not there any more", []
    if letter and letter["source"] == "record":
        woken = await second_tries.record(machine, pool, applied, letter)
    else:
        capture = letter["capture"] if letter else int(row["what"])
        woken = await replace(machine.intake(), pool=pool).again(applied, capture)
    return *await _stands(pool, letter["id"] if letter else f"dead-delivery-{row['what']}"), woken


async def previewed(machine: Machine, applied: Applied, row: Row) -> tuple[str | None, list[Preview]]:
    """Why an item would fail again, if it would; and what the runs would do that it concerns."""
    if row["source"] == "run":
        preview = await plan.of_run(machine, row["what"], applied=applied)
        return (preview.defect, [preview])
    async with plan.scratch(machine.pool) as pool:
        state, why, woken = await again(machine, pool, applied, row)
        previews = await plan.of_lanes(machine, pool, woken, applied)
    return (why if state == "left" else None, previews)


async def _stands(pool: Pool, letter: str) -> tuple[str, str]:
    row = await dead_letters.one(pool, letter)
    return ("left", row["why"]) if row and row["state"] != "closed" else ("done", "taken in")


def _told(preview: Preview) -> dict[str, Any]:
    return {
        **{name: getattr(preview, name) for name in ("run", "workflow", "subject", "defect")},
        "events": list(preview.events),
        "stops": list(preview.stops),
        "effects": [
            {**asdict(each), "amount": each.amount.model_dump(mode="json") if each.amount else None}
            for each in preview.effects
        ],
    }


def _in_words(previews: list[Preview]) -> str:
    sent = sum(len(each.effects) for each in previews)
    stops = [why for each in previews for why in each.stops]
    return "; ".join([f"would send {sent}" if sent else "would send nothing", *stops])
