"""The ladder: one effect, taken once as far up as the vendor allows it to be done safely."""

from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Protocol

from throughline.core import exact
from throughline.core.claims import Claim
from throughline.core.clock import Clock
from throughline.core.connector import Connector, Http, Sent
from throughline.core.errors import Hold, Retry, Unknown
from throughline.core.firm import System
from throughline.core.forms import Record
from throughline.core.likeness import Found, agreed, looked_for, sorted_out
from throughline.core.mapping import Mapping, Rung
from throughline.hub import doubts
from throughline.hub.captures import Captures
from throughline.hub.control import Waiting
from throughline.hub.lease import Lease
from throughline.store import effects
from throughline.store.database import Pool, Row, Sql, transaction
from throughline.store.effects import Effect

# Whoever looked may have found it and died before the confirmation, so what was probed is looked up again.
IN_DOUBT = frozenset({"intent", "sent", "unknown", "settling", "probed", "quarantined"})
# Of the time a vendor says it remembers a key: its clock and ours, and what is under way, may differ.
WINDOW_USED = 0.8


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
    async def read(self, system: str, mapping: Mapping, records: Sequence[Record], /) -> list[Claim]: ...
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
    record: Record
    key: str | None
    took_ms: float | None = None
    earlier: bool = False

    async def climb(self) -> str:
        return await (self._repeatable() if Rung(self.effect.rung) is Rung.UPSERT else self._once())

    async def _repeatable(self) -> str:
        """A: send; if we die before the pass commits, sending again does no harm."""
        their_key = await self._send()
        self._took(their_key)
        self.within.agreed(self.effect)
        self.within.done.append(self.effect)
        return their_key

    async def _once(self) -> str:
        """B to E: write the intent down, then send. What is in doubt is resolved before anything is sent anew."""
        before = await effects.one(self.within.pool, self.effect.key)
        if before and before["state"] == "confirmed":
            return await self._confirm_as_it_was(before, before["their_key"])
        if before and before["state"] in IN_DOUBT:
            attempts, settle_until = before["attempts"], before["settle_until"]
            self.effect = replace(self.effect, attempts=attempts, settle_until=settle_until)
            match self._way_out(before):
                case Rung.IDEMPOTENCY_KEY:
                    return await self._repeat(before)
                case Rung.NOTHING:
                    their_key, held = await self._asked(before), before["fields"]
                case rung:
                    their_key, held = await self._probed(before, rung)
            if their_key:
                return await self._confirm_as_it_was(before, their_key, held)
        return await self._intend_and_send(before["attempts"] + 1 if before else 1)

    def _way_out(self, before: Row) -> Rung:
        """What this vendor offers now: a key that it has forgotten is worth nothing any more."""
        rung, window = Rung(self.effect.rung), self.mapping.key_window_seconds
        if rung is not Rung.IDEMPOTENCY_KEY or window is None:
            return rung
        # One that was begun before it had a key or a time is not repeated.
        known = before["begun_at"] and before["body"]
        fresh = known and self.within.clock() < before["begun_at"] + timedelta(seconds=WINDOW_USED * window)
        return rung if fresh else self.mapping.after_window

    async def _repeat(self, before: Row) -> str:
        """B: the same body under the same key, to the letter."""
        if before["state"] != "unknown":
            # Another lane may be sending it at this moment.
            self._let_it_settle(before)
        self.record = exact.loads(before["body"])
        await self._looked("intent", "sent again under the same key")
        try:
            their_key = await self._send()
        except (Retry, Hold) as error:
            # Whatever is said of this time, nobody has said yet what became of the first.
            await self._looked("unknown", error.why)
            raise
        return await self._confirm_as_it_was(before, their_key)

    async def _asked(self, before: Row) -> str | None:
        """E: a person looks, when there is no more to come. Returns what stands for their key if it arrived."""
        self._let_it_settle(before)
        question = doubts.unknown(self.effect, self.system.name)
        match self.within.answers.get(question.name):
            case None:
                raise question
            case choice if choice == doubts.ARRIVED:
                return f"unseen-{self.effect.key[:8].lower()}"
            case _:
                await self._looked("probed", "a person says that it did not arrive")
                return None

    async def _probed(self, before: Row, rung: Rung) -> tuple[str | None, dict[str, Any]]:
        """C and D: look for what we may have done. Nothing found means nothing done, once the settle time is over."""
        self._let_it_settle(before)
        sent = before["fields"]
        found = await self._look(rung, sent)
        same = [each for each in found if each.same]
        if len(same) == 1 or not found:
            await self._looked("probed", f"{len(same)} found")
            return (same[0].key if same else None), sent
        question = doubts.twins(self.effect, self.system.name, sent, same) if same else doubts.similar(
            self.effect, self.system.name, sent, found
        )  # fmt: skip
        choice = self.within.answers.get(question.name)
        if choice not in question.choices:
            await self._looked("quarantined", question.why)
            raise question
        await self._looked("probed", f"a person says: {choice}")
        chosen = next((each for each in found if choice == doubts.it_is(each)), None)
        if chosen is None:
            return None, sent
        return chosen.key, sent if chosen.same else agreed(self.mapping, sent, chosen.fields)

    async def _look(self, rung: Rung, sent: dict[str, Any]) -> list[Found]:
        if self.connector.find is None:
            raise RuntimeError(f"{self.connector.name} declares rung {rung} and cannot find")
        wanted = looked_for(self.mapping, rung, marker=doubts.marker(self.effect), sent=sent)
        records = await self.connector.find(self.within.http(self.system.name), self.mapping, wanted)
        claims = await self.within.read(self.system.name, self.mapping, records)
        return sorted_out(self.mapping, rung, sent, claims)

    def _let_it_settle(self, before: Row) -> None:
        """It may still be done, or be done and not shown yet: nobody looks, or asks, before that must be over."""
        now, settle_until = self.within.clock(), before["settle_until"]
        if settle_until and now < settle_until:
            raise Retry(f"{self.system.name} may still be doing it", after=settle_until - now)

    async def _intend_and_send(self, attempt: int) -> str:
        settle = self._settle()
        body = exact.dumps(self.record) if Rung(self.effect.rung) is Rung.IDEMPOTENCY_KEY else None
        self.effect = replace(self.effect, attempts=attempt, settle_until=self.within.clock() + settle, body=body)
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
            # Under a key it may be repeated as soon as any other call.
            raise Retry(error.why, after=error.after if body else settle) from error
        except (Retry, Waiting) as error:
            await self._write("planned", error.why)
            raise
        except Hold as error:
            await self._write("rejected", error.why)
            raise
        return await self._confirm(their_key)

    async def _looked(self, state: str, why: str) -> None:
        """What a look found is worth nothing if somebody else has begun to send since. It settles anew if we do."""
        self.effect = replace(self.effect, state=state, why=why)
        if state in {"intent", "unknown"}:
            self.effect = replace(self.effect, settle_until=self.within.clock() + self._settle())
        async with transaction(self.within.pool) as sql:
            await self.within.lease.hold(sql)
            if not await effects.looked(sql, self.effect, now=self.within.clock()):
                raise Retry(f"another run is doing the same in {self.system.name}", after=self._settle())

    async def _send(self) -> str:
        if self.connector.put is None:
            raise RuntimeError(f"{self.connector.name} cannot put")
        await self.within.lease.keep_fresh()
        began = self.within.clock()
        sent = Sent(
            record=self.record,
            id=self.effect.entity,
            key=self.key,
            marker=doubts.marker(self.effect),
            idempotency_key=self._idempotency_key(),
        )
        their_key = await self.connector.put(self.within.http(self.system.name), self.mapping, sent)
        self.took_ms = (self.within.clock() - began) / timedelta(milliseconds=1)
        return their_key

    def _idempotency_key(self) -> str | None:
        """The effect's key, and which attempt: one body each, for the body of an attempt is kept with it.

        A new attempt begins only when the one before certainly did nothing, so its content may have changed.
        """
        if Rung(self.effect.rung) is not Rung.IDEMPOTENCY_KEY:
            return None
        return self.effect.key if self.effect.attempts == 1 else f"{self.effect.key}-{self.effect.attempts}"

    async def _confirm_as_it_was(self, before: Row, their_key: str, held: dict[str, Any] | None = None) -> str:
        """What was sent back then is what they hold; what has changed since goes out as an update."""
        fields = before["fields"] if held is None else held
        self.effect = replace(self.effect, fields=fields, attempts=before["attempts"])
        self.earlier = True
        return await self._confirm(their_key)

    async def _confirm(self, their_key: str) -> str:
        """Confirmed and linked in one transaction, with what was exchanged."""
        self._took(their_key)
        await self.within.captures.safe()
        async with transaction(self.within.pool) as sql:
            await self.within.lease.hold(sql)
            self.within.agreed(self.effect)
            self.within.done.append(self.effect)
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
