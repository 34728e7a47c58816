"""Wake-ups: a lane that became due is put on the queue. One that is lost is found by the sweep."""

from collections.abc import Sequence
from dataclasses import dataclass

from pgqueuer import Queries

LANE, DELIVERIES = "lane", "deliveries"


@dataclass(frozen=True, slots=True)
class Wakes:
    """The queue's entrance. Twice is once: a lane waits in the queue at most one time."""

    queue: Queries

    async def now(self, lanes: Sequence[str]) -> None:
        # In one order, whoever wakes them: two who insert the same keys the other way round would wait for each other.
        if keys := sorted(set(lanes)):
            await self.queue.enqueue(
                [LANE] * len(keys),
                [key.encode() for key in keys],
                [0] * len(keys),
                dedupe_key=[f"lane/{key}" for key in keys],
                on_conflict="skip",
            )

    async def deliveries(self, system: str) -> None:
        await self.queue.enqueue(DELIVERIES, system.encode(), 1, dedupe_key=f"deliveries/{system}", on_conflict="skip")
