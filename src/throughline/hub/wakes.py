"""Wake-ups: a lane that became due is put on the queue. One that is lost is found by the sweep."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pgqueuer import Queries

from throughline.core.priority import Priority

LANE, DELIVERIES = "lane", "deliveries"
JOB_PRIORITY = {Priority.URGENT: 2, Priority.NORMAL: 0, Priority.BULK: -1}


@dataclass(frozen=True, slots=True)
class Wakes:
    """The queue's entrance. Twice is once: a lane waits in the queue at most one time."""

    queue: Queries
    priorities: Mapping[str, Priority] = field(default_factory=dict[str, Priority])

    @property
    def entrypoints(self) -> dict[str, Priority]:
        """Where wake-ups wait: each workflow's lanes by themselves, so that it can be given its turn.

        Those of a workflow that is not installed here go where any worker finds them, and says so.
        """
        of_workflows = {f"{LANE}/{name}": priority for name, priority in self.priorities.items()}
        return {LANE: Priority.NORMAL, DELIVERIES: Priority.URGENT, **of_workflows}

    async def now(self, lanes: Sequence[str]) -> None:
        # In one order, whoever wakes them: two who insert the same keys the other way round would wait for each other.
        if keys := sorted(set(lanes)):
            await self.queue.enqueue(
                [self._entrypoint(key) for key in keys],
                [key.encode() for key in keys],
                [JOB_PRIORITY[self._priority(key)] for key in keys],
                dedupe_key=[f"lane/{key}" for key in keys],
                on_conflict="skip",
            )

    def _entrypoint(self, lane: str) -> str:
        workflow = lane.partition(":")[0]
        return f"{LANE}/{workflow}" if workflow in self.priorities else LANE

    def _priority(self, lane: str) -> Priority:
        return self.priorities.get(lane.partition(":")[0], Priority.NORMAL)

    async def deliveries(self, system: str) -> None:
        await self.queue.enqueue(DELIVERIES, system.encode(), 1, dedupe_key=f"deliveries/{system}", on_conflict="skip")
