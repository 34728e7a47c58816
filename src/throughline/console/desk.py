"""The desk, asked for: the queue, its causes and its batches, each page read from the hub once."""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from throughline.console import cuts
from throughline.console.batches import BatchesPage, BatchItemRow, BatchPage, BatchRow
from throughline.console.causes import CausePage, CauseRow, CausesPage
from throughline.console.from_hub import batches, causes, facets, holds
from throughline.console.holds import HoldRow, HoldsPage
from throughline.console.pages import ROWS, ROWS_OF_A_FILE, Pages
from throughline.core.rights import Right, needs
from throughline.hub.desk import batches as hub_batches
from throughline.hub.desk import causes as hub_causes
from throughline.hub.desk import queue
from throughline.hub.machine import Machine
from throughline.store import queue as stored
from throughline.store.queue import Wanted


@dataclass(frozen=True, slots=True)
class Desk:
    """Every page of the desk."""

    machine: Machine
    pages: Pages

    def routes(self, faces: Callable[[str, Any], list[Route]], file: Callable[[str, Any], Any]) -> list[Route]:
        """Files before pages: an address that ends in `.csv` is no id. Holds have a page of their own elsewhere."""
        return [
            Route("/holds.csv", file("holds", self.all_holds)),
            Route("/causes.csv", file("causes", self.all_causes)),
            Route("/batches.csv", file("batches", self.all_batches)),
            Route("/batches/{id}.csv", file("batch", self.all_items)),
            *faces("/holds", self.holds),
            *faces("/causes", self.causes),
            *faces("/batches", self.batches),
            *faces("/causes/{id}", self.cause),
            *faces("/batches/{id}", self.batch),
        ]

    @needs(Right.READ)
    async def holds(self, request: Request) -> HoldsPage:
        setting, said, cursor = await self.pages.setting(request), *_said(request)
        wanted = cuts.wanted(said, now=setting.now)
        found = await queue.page(self.machine, wanted, cursor=cursor, limit=ROWS)
        (standing,) = await stored.standing(self.machine.pool)
        cut = facets.facets(
            setting, said, standing=dict(standing), owners=await stored.owners(self.machine.pool),
            workflows=tuple(each.name for each in self.machine.workflows),
        )  # fmt: skip
        total = await queue.total(self.machine.pool, wanted)
        names = await self.pages.names(found.rows)
        return holds.page(
            setting, found.rows, said, total=total, facets=cut, names=names, cursor=cursor, older=found.next
        )

    @needs(Right.READ)
    async def all_holds(self, request: Request) -> AsyncGenerator[list[HoldRow]]:
        """Every row, for a file."""
        setting, said = await self.pages.setting(request), _said(request)[0]
        wanted, cursor, more = cuts.wanted(said, now=setting.now), None, True
        while more:
            found = await queue.page(self.machine, wanted, cursor=cursor, limit=ROWS_OF_A_FILE)
            names = await self.pages.names(found.rows)
            yield [holds.row(each, setting, names) for each in found.rows]
            cursor, more = found.next, found.next is not None

    @needs(Right.READ)
    async def causes(self, request: Request) -> CausesPage:
        groups = await queue.groups(self.machine, Wanted())
        total = await queue.total(self.machine.pool, Wanted())
        return causes.page(await self.pages.setting(request), groups, total)

    @needs(Right.READ)
    async def all_causes(self, request: Request) -> AsyncGenerator[list[CauseRow]]:
        setting = await self.pages.setting(request)
        yield [causes.row(each, setting) for each in await queue.groups(self.machine, Wanted())]

    @needs(Right.READ)
    async def cause(self, request: Request) -> CausePage:
        found = await hub_causes.one(self.machine, request.path_params["id"])
        rows = (await queue.page(self.machine, Wanted(cause=found.row["id"]), limit=ROWS)).rows
        others = await queue.groups(self.machine, Wanted(workflow=found.row["workflow"]))
        return causes.one(await self.pages.setting(request), found, rows, await self.pages.names(rows), others)

    @needs(Right.READ)
    async def batches(self, request: Request) -> BatchesPage:
        cursor = request.query_params.get("before")
        found = await hub_batches.listed(self.machine, cursor=cursor, limit=ROWS)
        older = f"/batches{cuts.query({}, before=found.next)}" if found.next else ""
        return batches.page(
            await self.pages.setting(request), found.rows, older=older, first="/batches" if cursor else ""
        )

    @needs(Right.READ)
    async def all_batches(self, request: Request) -> AsyncGenerator[list[BatchRow]]:
        setting, cursor, more = await self.pages.setting(request), None, True
        while more:
            found = await hub_batches.listed(self.machine, cursor=cursor, limit=ROWS_OF_A_FILE)
            yield [batches.row(each, setting) for each in found.rows]
            cursor, more = found.next, found.next is not None

    @needs(Right.READ)
    async def batch(self, request: Request) -> BatchPage:
        id_, cursor = request.path_params["id"], request.query_params.get("after")
        progress = await hub_batches.progress(self.machine, id_)
        items = await hub_batches.items(self.machine, id_, cursor=cursor, limit=ROWS)
        older = f"/batches/{id_}{cuts.query({}, after=items.next)}" if items.next else ""
        setting = await self.pages.setting(request)
        return batches.one(setting, progress, items.rows, older=older, first=f"/batches/{id_}" if cursor else "")

    @needs(Right.READ)
    async def all_items(self, request: Request) -> AsyncGenerator[list[BatchItemRow]]:
        cursor, more = None, True
        while more:
            found = await hub_batches.items(
                self.machine, request.path_params["id"], cursor=cursor, limit=ROWS_OF_A_FILE
            )
            yield [batches.item(each) for each in found.rows]
            cursor, more = found.next, found.next is not None


def _said(request: Request) -> tuple[dict[str, str], str | None]:
    return cuts.kept(request.query_params), request.query_params.get("after")
