"""The ladder: one effect, taken once as far up as the vendor allows it to be done safely."""

from collections.abc import Mapping as Dict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from throughline.core.clock import Clock
from throughline.core.connector import Connector, Http, Sent, Where
from throughline.core.errors import Hold, Retry, Unknown
from throughline.core.firm import System
from throughline.core.forms import dig
from throughline.core.mapping import Mapping, Rung
from throughline.hub.captures import Captures
from throughline.hub.control import Question
from throughline.hub.lease import Lease
from throughline.store import effects
from throughline.store.database import Pool, Row, Sql, transaction
from throughline.store.effects import Effect

ARRIVED, SEND_AGAIN = "it arrived", "send it again"


class Pass(Protocol):
    """What a step needs of the pass it belongs to."""

    pool: Pool
    clock: Clock
    captures: Captures
    lease: Lease
    answers: Dict[str, str]
    done: list[Effect]

    def http(self, system: str, /) -> Http: ...
    def agreed(self, effect: Effect, /) -> None: ...
    async def keep(self, sql: Sql, /) -> None: ...
    def kept(self) -> None: ...


@dataclass(slots=True)
class Step:
    """One effect on its way up the ladder."""

    within: Pass
    effect: Effect
    mapping: Mapping
    connector: Connector
    system: System
    record: dict[str, Any]
    key: str | None
    took_ms: float | None = None
    earlier: bool = False

    async def climb(self) -> str:
        match Rung(self.effect.rung):
            case Rung.UPSERT | Rung.IDEMPOTENCY_KEY:
                return await self._repeatable()
            case Rung.MARKER | Rung.NATURAL_KEY:
                return await self._searchable()
            case Rung.NOTHING:
                return await self._one_shot()

    async def _repeatable(self) -> str:
        """A and B: send; if we die before the pass commits, sending again does no harm."""
        their_key = await self._send()
        self._took(their_key)
        self.within.done.append(self.effect)
        self.within.agreed(self.effect)
        return their_key

    async def _searchable(self) -> str:
        """C and D: write the intent down, send; after an unknown outcome look for the marker before sending again."""
        before = await effects.one(self.within.pool, self.effect.key)
        if before and before["state"] == "confirmed":
            return await self._confirm_as_it_was(before, before["their_key"])
        # Probed as well: whoever looked may have found it and died before the confirmation, so it is looked up again.
        if before and before["state"] in {"intent", "sent", "unknown", "settling", "probed", "quarantined"}:
            found = await self._probe(before["settle_until"], before["attempts"])
            if found:
                return await self._confirm_as_it_was(before, found)
        return await self._intend_and_send(before["attempts"] + 1 if before else 1)

    async def _one_shot(self) -> str:
        """E: sent once. If the outcome is unknown, a person looks."""
        before = await effects.one(self.within.pool, self.effect.key)
        if before and before["state"] == "confirmed":
            return await self._confirm_as_it_was(before, before["their_key"])
        if before and before["state"] in {"intent", "sent", "unknown"}:
            self._let_it_arrive(before)
            name = f"unknown-{self.effect.key[:8].lower()}-{before['attempts']}"
            match self.within.answers.get(name):
                case None:
                    raise self._unknown(name)
                case choice if choice == ARRIVED:
                    return await self._confirm_as_it_was(before, f"unseen-{self.effect.key[:8].lower()}")
                case _:
                    pass
        return await self._intend_and_send(before["attempts"] + 1 if before else 1)

    def _let_it_arrive(self, before: Row) -> None:
        """Another lane may be sending it at this moment: nobody is asked before that must be over."""
        now, settle_until = self.within.clock(), before["settle_until"]
        if before["state"] != "unknown" and settle_until and now < settle_until:
            raise Retry(f"it is being sent to {self.system.name}", after=settle_until - now)

    async def _intend_and_send(self, attempt: int) -> str:
        settle = self._settle()
        self.effect = replace(self.effect, attempts=attempt, settle_until=self.within.clock() + settle)
        await self.within.lease.keep_fresh()
        async with transaction(self.within.pool) as sql:
            await self.within.lease.hold(sql)
            if not await effects.intend(sql, self.effect, now=self.within.clock()):
                raise Retry(f"another run is doing the same in {self.system.name}", after=settle)
        try:
            their_key = await self._send()
        except Unknown as error:
            self.effect = replace(self.effect, settle_until=self.within.clock() + settle)
            await self._write("unknown", error.why)
            if Rung(self.effect.rung) is Rung.NOTHING:
                raise self._unknown(f"unknown-{self.effect.key[:8].lower()}-{attempt}") from error
            raise Retry(error.why, after=settle) from error
        except Retry as error:
            await self._write("planned", error.why)
            raise
        except Hold as error:
            await self._write("rejected", error.why)
            raise
        return await self._confirm(their_key)

    async def _probe(self, settle_until: datetime | None, attempts: int) -> str | None:
        """Look for what we may have done. Nothing found means nothing done, once the settle time is over."""
        now = self.within.clock()
        if settle_until and now < settle_until:
            raise Retry(f"{self.system.name} may still be doing it; it is looked up after", after=settle_until - now)
        if self.connector.find is None:
            raise RuntimeError(f"{self.connector.name} declares rung {self.effect.rung} and cannot find")
        found = await self.connector.find(self.within.http(self.system.name), self.mapping, self._looked_for())
        keys = sorted({str(dig(record, self.mapping.key)[1]) for record in found})
        self.effect = replace(self.effect, attempts=attempts)
        if len(keys) > 1:
            await self._looked("quarantined", f"{len(keys)} records carry our mark")
            raise self._twins(keys)
        await self._looked("probed", f"{len(keys)} found")
        return keys[0] if keys else None

    async def _looked(self, state: str, why: str) -> None:
        """What a look found is worth nothing if somebody else has begun to send since."""
        self.effect = replace(self.effect, state=state, why=why)
        async with transaction(self.within.pool) as sql:
            await self.within.lease.hold(sql)
            if not await effects.looked(sql, self.effect, now=self.within.clock()):
                raise Retry(f"another run is doing the same in {self.system.name}", after=self._settle())

    async def _send(self) -> str:
        if self.connector.put is None:
            raise RuntimeError(f"{self.connector.name} cannot put")
        await self.within.lease.keep_fresh()
        began = self.within.clock()
        sent = Sent(record=self.record, id=self.effect.entity, key=self.key, marker=self._marker())
        their_key = await self.connector.put(self.within.http(self.system.name), self.mapping, sent)
        self.took_ms = (self.within.clock() - began) / timedelta(milliseconds=1)
        return their_key

    async def _confirm_as_it_was(self, before: Row, their_key: str) -> str:
        """What was sent back then is what they hold; what has changed since goes out as an update."""
        self.effect = replace(self.effect, fields=before["fields"], attempts=before["attempts"])
        self.earlier = True
        return await self._confirm(their_key)

    async def _confirm(self, their_key: str) -> str:
        """Confirmed and linked in one transaction, with what was exchanged."""
        self._took(their_key)
        await self.within.captures.safe()
        async with transaction(self.within.pool) as sql:
            await self.within.lease.hold(sql)
            self.within.done.append(self.effect)
            self.within.agreed(self.effect)
            await self.within.keep(sql)
        self.within.kept()
        return their_key

    async def _write(self, state: str, why: str | None = None) -> None:
        self.effect = replace(self.effect, state=state, why=why)
        async with transaction(self.within.pool) as sql:
            await self.within.lease.hold(sql)
            await effects.record(sql, [self.effect], now=self.within.clock())

    def _took(self, their_key: str) -> None:
        self.effect = replace(self.effect, state="confirmed", their_key=their_key, why=None, took_ms=self.took_ms)

    def _settle(self) -> timedelta:
        return timedelta(seconds=float(self.system.settings.get("settle_seconds", self.mapping.settle_seconds)))

    def _marker(self) -> str:
        """The mark a record of theirs carries: the entity it is, which a person can read, not one attempt at it."""
        return self.effect.entity

    def _looked_for(self) -> Where:
        """By our mark where they keep one, else by what it looks like."""
        by_mark = Rung(self.effect.rung) is Rung.MARKER
        return Where(marker=self._marker()) if by_mark else Where(fields=self.effect.fields)

    def _unknown(self, name: str) -> Question:
        return Question(
            name,
            f"{self.system.name} may or may not have received this {self.effect.kind}",
            fix=f"Look in {self.system.name}, then say whether it arrived. It is not sent again by itself.",
            choices=(ARRIVED, SEND_AGAIN),
            owner=None,
            amount=None,
            kind="unknown",
        )

    def _twins(self, keys: list[str]) -> Question:
        return Question(
            f"twins-{self.effect.key[:8].lower()}",
            f"{self.system.name} has {len(keys)} records of one {self.effect.kind}: {', '.join(keys)}",
            fix=f"Delete all but one of them in {self.system.name}, then release.",
            choices=(),
            owner=None,
            amount=None,
            kind="quarantine",
            candidates=tuple({"key": key} for key in keys),
        )
