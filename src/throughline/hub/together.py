"""What many callers want at about the same time is done in one go: one statement, one commit, one round trip."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

MOST_AT_ONCE = 50


@dataclass(slots=True)
class Together[Item, Result]:
    """While one statement is under way, the next one's callers gather.

    `all_at_once` does all or nothing, and answers in order. When it fails, each is tried by itself, so that one bad
    item is nobody else's trouble: it must bear that repetition.
    """

    all_at_once: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]]
    _waiting: list[tuple[Item, asyncio.Future[Result]]] = field(
        default_factory=list[tuple[Item, asyncio.Future[Result]]]
    )
    _working: asyncio.Task[None] | None = None

    async def one(self, item: Item) -> Result:
        """This item's result, or its own error."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._working is None:
            self._working = asyncio.create_task(self._work())
        return await future

    async def _work(self) -> None:
        batch: list[tuple[Item, asyncio.Future[Result]]] = []
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
                if not await self._done(batch):
                    for each in batch:
                        await self._done([each])
        finally:
            self._working = None
            for _, future in (*batch, *self._waiting):
                future.cancel()  # nothing is left here unless we are being stopped

    async def _done(self, batch: Sequence[tuple[Item, asyncio.Future[Result]]]) -> bool:
        try:
            results = await self.all_at_once([item for item, _ in batch])
        except Exception as error:  # noqa: BLE001 - handed to whoever waits
            if len(batch) > 1:
                return False
            if not batch[0][1].done():
                batch[0][1].set_exception(error)
            return True
        for (_, future), result in zip(batch, results, strict=True):
            if not future.done():
                future.set_result(result)
        return True
