"""One effect on its way up the ladder, as the hub takes it, in the memory of one proof."""

from dataclasses import dataclass, field
from typing import Any

from throughline.core import exact
from throughline.core.connector import Sent
from throughline.core.entities import Entity
from throughline.core.errors import Hold, Retry, Unknown
from throughline.core.likeness import Found, looked_for, sorted_out
from throughline.core.mapping import Rung
from throughline.testing.acceptance_installed import Installed
from throughline.testing.acceptance_trouble import Killed, Timeline, Trouble
from throughline.testing.connector_subject import Broken

MOST_PASSES = 5
ARRIVED = "it arrived"
REPEATABLE = frozenset({Rung.UPSERT, Rung.IDEMPOTENCY_KEY})


@dataclass(slots=True)
class Attempt:
    """Passes until it is confirmed. `in_doubt` is what the hub would find written down after a crash."""

    installed: Installed
    entity: Entity
    trouble: Trouble
    in_doubt: bool = False
    attempts: int = 1
    time: Timeline = field(init=False)

    def __post_init__(self) -> None:
        self.time = self.trouble.time

    async def climb(self) -> str:
        """Their key; or that it arrived, where only a person could see it."""
        why = ""
        for _ in range(MOST_PASSES):
            try:
                return await self._pass()
            except Killed:
                continue
            except Retry as error:
                why = error.why
                await self.time.wait(error.after.total_seconds() if error.after else 1)
        raise Broken(f"{self.entity.kind} was not confirmed in {MOST_PASSES} passes: {why}")

    async def send(self) -> str:
        """The same record, under the same key, every time."""
        installed = self.installed
        if installed.connector.put is None:
            raise Broken(f"{installed.connector.name} cannot put")
        record = exact.loads(exact.dumps(installed.record(self.entity)))
        sent = Sent(record, self.entity.id, key=None, marker=self.entity.id, idempotency_key=self._idempotency_key())
        return await installed.connector.put(self.trouble, installed.mapping, sent)

    async def look(self) -> list[Found]:
        """What may be ours over there, by the mark or by the natural key."""
        installed, sent = self.installed, self.installed.fields(self.entity)
        if installed.connector.find is None:
            raise Broken(f"{self.entity.kind} declares rung {installed.mapping.rung} and the connector cannot find")
        rung = installed.mapping.rung
        wanted = looked_for(installed.mapping, rung, marker=self.entity.id, sent=sent)
        records = await installed.connector.find(self.trouble, installed.mapping, wanted)
        claims = [installed.mapping.read(each, system="proof", names=installed.names) for each in records]
        return sorted_out(installed.mapping, rung, sent, claims)

    async def _pass(self) -> str:
        if self.in_doubt and self.installed.mapping.rung not in REPEATABLE:
            if settled := await self._settled():
                return settled
            self._begin_anew()
        before, self.in_doubt = self.in_doubt, True
        try:
            their_key = await self.send()
        except (Retry, Hold) as error:
            if not before and not isinstance(error, Unknown):
                self._begin_anew()
            raise
        self.in_doubt = False
        return their_key

    def _begin_anew(self) -> None:
        """Certainly nothing was done: the next is an attempt of its own."""
        self.in_doubt, self.attempts = False, self.attempts + 1

    async def _settled(self) -> str | None:
        """What became of the send before, when it must have settled; None when it did nothing."""
        await self.time.wait(self.installed.mapping.settle_seconds)
        if self.installed.mapping.rung is Rung.NOTHING:
            # Here a person looks, and says what there is.
            return ARRIVED if await self.installed.count(self.entity) else None
        found = await self.look()
        same = [each for each in found if each.same]
        if len(same) > 1 or (found and not same):
            raise Broken(f"{self.entity.kind} was sent once, and a person has to choose among {_told(found)}")
        return same[0].key if same else None

    def _idempotency_key(self) -> str | None:
        if self.installed.mapping.rung is not Rung.IDEMPOTENCY_KEY:
            return None
        key = exact.digest("acceptance", self.entity.kind, self.entity.id)
        return key if self.attempts == 1 else f"{key}-{self.attempts}"


def _told(found: list[Found]) -> list[dict[str, Any]]:
    return [{"key": each.key, **each.fields} for each in found]
