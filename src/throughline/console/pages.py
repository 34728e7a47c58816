"""Pages, asked for: each reads the hub once and fills its dataclass."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request

from throughline.console.break_ import BreakPage
from throughline.console.engagement import EngagementPage
from throughline.console.engagements import EngagementRow, EngagementsPage
from throughline.console.from_hub import break_, engagement, engagements, holds, people, reconciliation, systems
from throughline.console.from_hub.frame import Setting
from throughline.console.guard import form_token, who_asks
from throughline.console.hold import HoldPage
from throughline.console.holds import HoldRow, HoldsPage
from throughline.console.people import PeoplePage, PersonPage, PersonRow
from throughline.console.reconciliation import BreakRow, ReconciliationPage
from throughline.console.systems import SystemsPage
from throughline.core.rights import Right, needs
from throughline.hub import access_keys, accounts, overview, story
from throughline.hub import people as hub_people
from throughline.hub import systems as hub_systems
from throughline.hub.admission import Admission
from throughline.hub.engagements import NoSuchEngagement, behind
from throughline.hub.holds import NoSuchHold
from throughline.hub.machine import Machine
from throughline.hub.reconciliation import overview as reconciled
from throughline.hub.reconciliation.overview import Asked
from throughline.store import breaks, censuses, proposals
from throughline.store import holds as stored
from throughline.store.database import Row

ROWS, ROWS_OF_A_FILE = 50, 200


class Elsewhere(Exception):
    """The page has another address."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address


@dataclass(frozen=True, slots=True)
class Pages:
    """Every page of the console."""

    machine: Machine
    admission: Admission

    @needs(Right.READ)
    async def engagements(self, request: Request) -> EngagementsPage:
        setting, cursor = await self.setting(request), request.query_params.get("before")
        found = await overview.deals(self.machine, cursor=cursor, limit=ROWS)
        _, _, at_risk = await overview.totals(self.machine)
        return engagements.page(
            setting,
            found.rows,
            at_risk,
            query=_query(before=cursor),
            older=f"/engagements{_query(before=found.next)}" if found.next else "",
            newest="/engagements" if cursor else "",
        )

    @needs(Right.READ)
    async def engagement(self, request: Request) -> EngagementPage | EngagementsPage:
        """Under any id. An id of several engagements lists them; another id than ours leads to ours."""
        any_id = request.path_params["id"]
        ids = await behind(self.machine, any_id)
        setting = await self.setting(request)
        if len(ids) > 1:
            return await self._several(setting, any_id, ids)
        if ids[0] != any_id:
            raise Elsewhere(f"/engagements/{ids[0]}")
        told = await story.of(self.machine, ids[0])
        billed = await accounts.of_contract(self.machine, f"contract-of-{ids[0]}")
        return engagement.page(setting, told, await overview.stages(self.machine, told.engagement), billed)

    @needs(Right.READ)
    async def holds(self, request: Request) -> HoldsPage:
        setting, owner, cursor = (
            await self.setting(request),
            request.query_params.get("owner"),
            request.query_params.get("after"),
        )
        found = await overview.queue(self.machine, owner=owner, cursor=cursor, limit=ROWS)
        _, _, at_risk = await overview.totals(self.machine)
        return holds.page(
            setting,
            found.rows,
            at_risk,
            await stored.owners(self.machine.pool),
            await self._names(found.rows),
            owner=owner,
            query=_query(owner=owner, after=cursor),
            older=f"/holds{_query(owner=owner, after=found.next)}" if found.next else "",
            first=f"/holds{_query(owner=owner)}" if cursor else "",
        )

    @needs(Right.READ)
    async def hold(self, request: Request) -> HoldPage:
        id_ = request.path_params["id"]
        row = await stored.one(self.machine.pool, id_)
        if row is None:
            raise NoSuchHold(f"There is no hold {id_}.")
        page = await self._hold(await self.setting(request), row)
        said = await proposals.one(self.machine.pool, id_) if row["state"] == "open" else None
        return replace(page, proposed=holds.proposed(said, who_asks(request).name)) if said else page

    async def _hold(self, setting: Setting, row: Row) -> HoldPage:
        if row["system"]:
            return holds.one(setting, row, "", ())
        try:
            told = await story.of(self.machine, row["correlation"])
        except NoSuchEngagement:
            return holds.one(setting, row, row["correlation"], ())
        name = told.engagement.deal.get("name") or row["correlation"]
        return holds.one(setting, row, name, engagement.log(told.beats))

    @needs(Right.PEOPLE)
    async def people(self, request: Request) -> PeoplePage:
        return people.page(
            await self.setting(request),
            await hub_people.listed(self.machine),
            await access_keys.listed(self.machine),
        )

    @needs(Right.PEOPLE)
    async def person(self, request: Request) -> PersonPage:
        found = await hub_people.one(self.machine, request.path_params["name"])
        return people.one(await self.setting(request), found, await access_keys.listed(self.machine))

    @needs(Right.PEOPLE)
    async def all_people(self, request: Request) -> AsyncGenerator[list[PersonRow]]:
        setting = await self.setting(request)
        yield [people.row(each, setting) for each in await hub_people.listed(self.machine)]

    @needs(Right.ESTATE)
    async def systems(self, request: Request) -> SystemsPage:
        return systems.page(await self.setting(request), await hub_systems.listed(self.machine))

    @needs(Right.READ)
    async def reconciliation(self, request: Request) -> ReconciliationPage:
        asked, cursor = _asked(request), request.query_params.get("after")
        setting = await self.setting(request)
        found = await reconciled.queue(self.machine, asked, cursor=cursor, limit=ROWS)
        names = await self._deals(found.rows)
        whole = who_asks(request).may(Right.ESTATE)
        counts = await censuses.listed(self.machine.pool) if whole else []
        said = {"comparison": asked.comparison, "owner": asked.owner}
        return reconciliation.page(
            setting,
            await reconciled.stands(self.machine) if whole else (),
            [reconciliation.row(each, setting, names) for each in found.rows],
            [reconciliation.counted(each, setting.now) for each in counts],
            comparison=asked.comparison,
            query=_query(**said, after=cursor),
            older=f"/reconciliation{_query(**said, after=found.next)}" if found.next else "",
            first=f"/reconciliation{_query(**said)}" if cursor else "",
        )

    @needs(Right.READ)
    async def break_(self, request: Request) -> BreakPage:
        found = await reconciled.one(self.machine, request.path_params["id"])
        return break_.page(await self.setting(request), found, await self._deals([found.row]))

    @needs(Right.READ)
    async def all_breaks(self, request: Request) -> AsyncGenerator[list[BreakRow]]:
        setting, asked = await self.setting(request), _asked(request)
        cursor, more = None, True
        while more:
            found = await reconciled.queue(self.machine, asked, cursor=cursor, limit=ROWS_OF_A_FILE)
            names = await self._deals(found.rows)
            yield [reconciliation.row(each, setting, names) for each in found.rows]
            cursor, more = found.next, found.next is not None

    @needs(Right.READ)
    async def all_engagements(self, request: Request) -> AsyncGenerator[list[EngagementRow]]:
        """Every row, for a file."""
        setting, cursor, more = await self.setting(request), None, True
        while more:
            found = await overview.deals(self.machine, cursor=cursor, limit=ROWS_OF_A_FILE)
            yield [engagements.row(each, setting) for each in found.rows]
            cursor, more = found.next, found.next is not None

    @needs(Right.READ)
    async def all_holds(self, request: Request) -> AsyncGenerator[list[HoldRow]]:
        setting, owner = await self.setting(request), request.query_params.get("owner")
        cursor, more = None, True
        while more:
            found = await overview.queue(self.machine, owner=owner, cursor=cursor, limit=ROWS_OF_A_FILE)
            names = await self._names(found.rows)
            yield [holds.row(each, setting, names) for each in found.rows]
            cursor, more = found.next, found.next is not None

    async def setting(self, request: Request) -> Setting:
        applied = await self.machine.firms.current()
        count, open_holds, _ = await overview.totals(self.machine)
        return Setting(
            firm=applied.firm,
            now=self.machine.clock(),
            who=who_asks(request),
            csrf_token=form_token(request),
            engagements=count,
            open_holds=open_holds,
            breaks=await breaks.open_count(self.machine.pool),
        )

    async def _several(self, setting: Setting, any_id: str, ids: list[str]) -> EngagementsPage:
        found = await overview.some(self.machine, ids)
        page = engagements.page(setting, found, {})
        return replace(
            page, summary=f"{any_id} belongs to {len(ids)} engagements.", fragment_url=f"/engagements/{any_id}/fragment"
        )

    async def _deals(self, rows: Sequence[Any]) -> dict[str, str]:
        return await overview.names(self.machine, sorted({row["engagement"] for row in rows if row["engagement"]}))

    async def _names(self, rows: Sequence[Any]) -> dict[str, str]:
        ids = sorted({row["correlation"] for row in rows if row["correlation"]})
        return await overview.names(self.machine, ids)


def _asked(request: Request) -> Asked:
    return Asked(comparison=request.query_params.get("comparison"), owner=request.query_params.get("owner"))


def _query(**said: str | None) -> str:
    kept = {name: value for name, value in said.items() if value}
    return f"?{urlencode(kept)}" if kept else ""
