"""Pages, asked for: each reads the hub once and fills its dataclass."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request

from throughline.console.audit_pages import AuditPages
from throughline.console.board import BoardPage
from throughline.console.break_ import BreakPage
from throughline.console.engagement import EngagementPage
from throughline.console.engagements import EngagementRow, EngagementsPage
from throughline.console.find import FindPage, FoundRow
from throughline.console.from_hub import (
    boards,
    break_,
    engagement,
    engagement_clocks,
    engagements,
    find,
    holds,
    kpis,
    reconciliation,
    systems,
    values,
)
from throughline.console.from_hub import overview as quoted
from throughline.console.from_hub.frame import Setting
from throughline.console.guard import form_token, who_asks
from throughline.console.hold import HoldPage
from throughline.console.kpis import KpisPage
from throughline.console.overview import OverviewPage
from throughline.console.people_pages import PeoplePages
from throughline.console.reconciliation import BreakRow, ReconciliationPage
from throughline.console.systems import SystemRow, SystemsPage
from throughline.console.values import ValueRow, ValuesPage
from throughline.core.clocks.hops import HOPS, Hop, hop
from throughline.core.rights import Right, needs
from throughline.hub import accounts, origins, overview, search, story, worth
from throughline.hub import systems as hub_systems
from throughline.hub.admission import Admission
from throughline.hub.boards.boards import board
from throughline.hub.clocks.listed import Which, listed, of_engagement
from throughline.hub.desk import background
from throughline.hub.desk.background import Background
from throughline.hub.engagements import NoSuchEngagement, behind, one
from throughline.hub.holds import NoSuchHold
from throughline.hub.kpis.figures import Figures, figures
from throughline.hub.machine import Machine
from throughline.hub.quote_to_cash import quote_to_cash
from throughline.hub.reconciliation import overview as reconciled
from throughline.hub.reconciliation.overview import Asked
from throughline.store import breaks, censuses, proposals
from throughline.store import engagements as stored_engagements
from throughline.store import holds as stored
from throughline.store.database import Row

ROWS, ROWS_OF_A_FILE = 50, 200
DAYS, MOST_DAYS = 30, 366


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

    @property
    def audit(self) -> AuditPages:
        return AuditPages(self.machine, self.setting)

    @property
    def people(self) -> PeoplePages:
        return PeoplePages(self.machine, self.setting)

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
        stages = await overview.stages(self.machine, told.engagement)
        billed = await accounts.of_contract(self.machine, f"contract-of-{ids[0]}")
        timed = engagement_clocks.clocks(await of_engagement(self.machine, ids[0]), setting)
        stages = await overview.stages(self.machine, told.engagement)
        ladder = await worth.ladder(self.machine, ids[0])
        return engagement.page(setting, told, stages, billed, ladder, clocks=timed)

    @needs(Right.READ)
    async def values(self, request: Request) -> ValuesPage:
        """Of one engagement, under our id of it."""
        told = await one(self.machine, request.path_params["id"])
        return values.page(await self.setting(request), told, await origins.of(self.machine, told))

    @needs(Right.READ)
    async def all_values(self, request: Request) -> AsyncGenerator[list[ValueRow]]:
        told = await one(self.machine, request.path_params["id"])
        yield values.rows(await origins.of(self.machine, told), await self.setting(request))

    @needs(Right.READ)
    async def find(self, request: Request) -> FindPage:
        """Whatever was typed. What leads to one engagement and nothing else is opened at once."""
        query = request.query_params.get("q", "").strip()[: search.LONGEST]
        found = await search.anything(self.machine, query)
        if len(found) == 1 and found[0].engagement:
            raise Elsewhere(f"/engagements/{found[0].engagement}")
        return find.page(await self.setting(request), query, found)

    @needs(Right.READ)
    async def all_found(self, request: Request) -> AsyncGenerator[list[FoundRow]]:
        query = request.query_params.get("q", "")
        yield [find.row(each, n) for n, each in enumerate(await search.anything(self.machine, query))]

    @needs(Right.READ)
    async def hold(self, request: Request) -> HoldPage:
        id_ = request.path_params["id"]
        row = await stored.one(self.machine.pool, id_)
        if row is None:
            raise NoSuchHold(f"There is no hold {id_}.")
        setting = await self.setting(request)
        page = await self._hold(setting, row, await background.of_hold(self.machine, row))
        said = await proposals.one(self.machine.pool, id_) if row["state"] == "open" else None
        return replace(page, proposed=holds.proposed(said, setting.who.name)) if said else page

    async def _hold(self, setting: Setting, row: Row, known: Background) -> HoldPage:
        if row["system"]:
            return holds.one(setting, row, "", (), background=known)
        try:
            told = await story.of(self.machine, row["correlation"])
        except NoSuchEngagement:
            return holds.one(setting, row, row["correlation"], (), background=known)
        name = told.engagement.deal.get("name") or row["correlation"]
        return holds.one(setting, row, name, engagement.log(told.beats), background=known)

    @needs(Right.ESTATE)
    async def systems(self, request: Request) -> SystemsPage:
        return systems.page(await self.setting(request), await hub_systems.listed(self.machine))

    @needs(Right.ESTATE)
    async def all_systems(self, request: Request) -> AsyncGenerator[tuple[SystemRow, ...]]:
        yield (await self.systems(request)).rows

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
    async def overview(self, request: Request) -> OverviewPage:
        return quoted.page(await self.setting(request), await quote_to_cash(self.machine))

    async def figures(self, request: Request) -> Figures:
        said = request.query_params.get("days", "")
        days = int(said) if said.isascii() and said.isdigit() and 0 < int(said) <= MOST_DAYS else DAYS
        return await figures(self.machine, days=days)

    @needs(Right.READ)
    async def kpis(self, request: Request) -> KpisPage:
        return kpis.page(await self.setting(request), await self.figures(request), query=_asked_for(request))

    @needs(Right.READ)
    async def board(self, request: Request) -> BoardPage:
        return boards.page(await self.setting(request), await board(self.machine, request.path_params["name"]))

    def wanted(self, request: Request) -> tuple[Hop, Which]:
        """Which clocks: of which hop, and how they stand."""
        said = request.query_params
        which = next((each for each in Which if each == said.get("state")), Which.RUNNING)
        return hop(said.get("hop", HOPS[0].name)), which

    @needs(Right.READ)
    async def clocks(self, request: Request) -> BoardPage:
        cursor = request.query_params.get("after")
        wanted, which = self.wanted(request)
        found = await listed(self.machine, wanted.name, which=which, cursor=cursor, limit=ROWS)
        asked: dict[str, str | None] = {"hop": wanted.name, "state": which.value}
        return boards.clocks(
            await self.setting(request), wanted, which, found.rows,
            older=f"/clocks{_query(**asked, after=found.next)}" if found.next else "",
            first=f"/clocks{_query(**asked)}" if cursor else "", query=_asked_for(request),
        )  # fmt: skip

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

    async def setting(self, request: Request) -> Setting:
        applied = await self.machine.firms.current()
        return Setting(
            firm=applied.firm,
            now=self.machine.clock(),
            who=who_asks(request),
            csrf_token=form_token(request),
            engagements=await stored_engagements.counted(self.machine.pool),
            open_holds=await stored.open_count(self.machine.pool),
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

    async def names(self, rows: Sequence[Any]) -> dict[str, str]:
        ids = sorted({row["correlation"] for row in rows if row["correlation"]})
        return await overview.names(self.machine, ids)


def _asked(request: Request) -> Asked:
    return Asked(comparison=request.query_params.get("comparison"), owner=request.query_params.get("owner"))


def _asked_for(request: Request) -> str:
    """The question as it came, so that the part of the page that lives asks the same."""
    return f"?{request.url.query}" if request.url.query else ""


def _query(**said: str | None) -> str:
    kept = {name: value for name, value in said.items() if value}
    return f"?{urlencode(kept)}" if kept else ""
