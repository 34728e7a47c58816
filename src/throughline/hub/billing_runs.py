"""A billing run: a month's lines, judged as they are read and landed in batches. It goes on where it was killed."""

import asyncio
from dataclasses import dataclass
from typing import BinaryIO

from throughline.core.billing.stream import Batch, Stream
from throughline.core.clock import Clock
from throughline.store import billing_items
from throughline.store.billing_items import ChargedBefore
from throughline.store.database import Pool

# What one commit holds: enough that its cost is spread thin, few enough that judging them stays in the cache.
LINES = 3_000


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some lines that follow each other, what became of them, and where the next ones begin."""

    after: int
    raws: list[bytes]
    batch: Batch
    position: int

    @property
    def end(self) -> int:
        return self.after + len(self.raws)


@dataclass(frozen=True, slots=True)
class BillingRun:
    """One run of one file of lines. `name` is what the run is: the same lines under it are the same run."""

    pool: Pool
    name: str
    stream: Stream
    clock: Clock
    most: int = LINES

    async def go(self, source: BinaryIO) -> int:
        """Every line lands once, however often this is killed and begun again. How many lines there were."""
        at = await billing_items.begin(self.pool, self.name, now=self.clock())
        await asyncio.to_thread(source.seek, at["position"])
        stretch = await asyncio.to_thread(self._next, source, at["lines"], at["position"])
        while stretch.raws:
            # The next lines are judged while the database writes these.
            ahead = asyncio.create_task(asyncio.to_thread(self._next, source, stretch.end, stretch.position))
            try:
                await self._land(stretch, stretch.batch)
            except ChargedBefore:
                await asyncio.wait({ahead})  # one stream judges one stretch at a time
                await self._land(stretch, await self._without_repeats(stretch))
            finally:
                await asyncio.wait({ahead})
            stretch = ahead.result()
        return stretch.after

    def _next(self, source: BinaryIO, after: int, position: int) -> Stretch:
        raws: list[bytes] = []
        for raw in source:
            raws.append(raw)
            position += len(raw)
            if len(raws) == self.most:
                break
        return Stretch(after, raws, self.stream.feed(raws, first=after + 1), position)

    async def _land(self, stretch: Stretch, batch: Batch) -> None:
        await billing_items.land(
            self.pool, self.name, batch,
            after=stretch.after, lines=stretch.end, position=stretch.position, now=self.clock(),
        )  # fmt: skip

    async def _without_repeats(self, stretch: Stretch) -> Batch:
        """Line by line, so that of two lines with one reference the first is charged and the second is held."""
        references = [line.id for _, line, *_ in stretch.batch.charged]
        known = await billing_items.charged(self.pool, references)
        whole = Batch()
        for number, raw in enumerate(stretch.raws, stretch.after + 1):
            each = self.stream.feed([raw], first=number, charged_before=known)
            known |= {line.id for _, line, *_ in each.charged}
            whole.charged += each.charged
            whole.not_charged += each.not_charged
            whole.held += each.held
        return whole
