"""The engagements page, from the list of won deals."""

from collections.abc import Sequence

from throughline.console.engagements import EngagementRow, EngagementsPage
from throughline.console.from_hub import wording
from throughline.console.from_hub.frame import Setting, shell
from throughline.console.pieces import EmptyPlace
from throughline.console.shell import Crumb
from throughline.console.states import StageKey, State
from throughline.hub.overview import Amounts, Listed
from throughline.hub.stages import furthest

EMPTY = EmptyPlace(
    "No engagement yet", "A deal won in the CRM appears here within seconds.", "throughline simulate deal"
)


def page(
    setting: Setting, rows: Sequence[Listed], at_risk: Amounts, *, query: str = "", older: str = "", newest: str = ""
) -> EngagementsPage:
    held = f", {wording.counted(setting.open_holds, 'open hold')}" if setting.open_holds else ""
    risk = f", {wording.monies(at_risk)} at risk" if at_risk else ""
    return EngagementsPage(
        shell=shell(setting, "Engagements", "engagements", Crumb("Engagements"), cli="throughline engagements"),
        summary=f"{wording.counted(setting.engagements, 'engagement')}{held}{risk}.",
        fragment_url=f"/engagements/fragment{query}",
        rows=tuple(row(each, setting) for each in rows),
        empty=EMPTY,
        older_url=older,
        newest_url=newest,
    )


def row(listed: Listed, setting: Setting) -> EngagementRow:
    where = furthest(listed.stages)
    return EngagementRow(
        key=listed.id,
        href=f"/engagements/{listed.id}",
        name=listed.name,
        our_id=listed.id,
        customer=listed.customer,
        value=wording.money_of(listed.amount),
        stage=StageKey(where.stage.value).label,
        state=State(where.state),
        holds=listed.open_holds,
        at_risk=wording.monies(listed.at_risk),
        age=wording.age(listed.began, setting.now),
    )
