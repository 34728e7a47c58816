"""The quote to cash page, from the figures, the flow and the clocks."""

from collections.abc import Sequence
from datetime import timedelta

from throughline.console.charts.flow import Flow
from throughline.console.charts.flow import FlowStage as Drawn
from throughline.console.from_hub import wording
from throughline.console.from_hub.frame import Setting, shell
from throughline.console.overview import DueRow, HopCard, OverviewPage, StageHead, Tile
from throughline.console.pieces import EmptyPlace
from throughline.console.shell import Crumb
from throughline.core.clocks.hops import BY_NAME
from throughline.core.kpis import Scale
from throughline.core.policies import Sla
from throughline.hub.clocks.listed import Listed
from throughline.hub.kpis import wording as said
from throughline.hub.kpis.figures import Figure, HopFigure
from throughline.hub.quote_to_cash import DRAWN_DAYS, FlowStage, QuoteToCash

EMPTY = EmptyPlace(
    "No clock is running", "What is on its way from one step to the next is timed here.", "throughline kpis"
)
# Below what share of the clocks in time a hop without a target of its own is looked at.
GOOD, POOR = 95, 80
MINUTES_OF_A_DAY = 1440
TITLES = {"project_open_time": "Won to project open, middle", "unbilled": "Unbilled"}


def page(setting: Setting, found: QuoteToCash) -> OverviewPage:
    counted = found.figures.counted
    open_holds, late = counted.holds_open["open"], sum(each.late for each in found.figures.hops)
    holds, clocks = wording.counted(open_holds, "open hold"), wording.counted(late, "late clock")
    return OverviewPage(
        shell=shell(setting, "Quote to cash", "overview", Crumb("Quote to cash"), cli="throughline kpis"),
        summary=f"{holds}, {clocks}. Sums in {setting.firm.reporting_currency}. Every number opens what is behind it.",
        fragment_url="/overview/fragment",
        tiles=tuple(_tile(each, found) for each in found.headlines),
        stages=tuple(_head(each) for each in found.stages),
        flow=_flow(found.stages),
        not_drawn=_not_drawn(found.stages),
        hops=tuple(card(each) for each in found.figures.hops),
        due=tuple(_due(each, setting) for each in found.due),
        empty=EMPTY,
    )  # fmt: skip


def card(each: HopFigure) -> HopCard:
    took = [said.amount(value, Scale.SECONDS) for value in (each.median_seconds, each.p95_seconds) if value is not None]
    percent = each.attained.percent
    through = each.drain
    return HopCard(
        key=each.hop.name, title=each.hop.title, between=each.hop.between, took=" / ".join(took) or "none ended",
        agreed=agreed(each.sla), attainment=said.amount(percent, Scale.PERCENT) if percent is not None else "unknown",
        percent=int(percent) if percent is not None else 0, tone=_attained(each), running=f"{each.running:,}",
        drained=wording.at(through.likely).text[:-3] if through and each.running else "",
        late=f"{each.late:,}" if each.late else "", href=f"/clocks?hop={each.hop.name}",
    )  # fmt: skip


def agreed(sla: Sla | None) -> str:
    """What the firm has agreed on, in words."""
    if sla is None:
        return "nothing"
    if sla.within is None:
        return f"the {sla.by} cut-off"
    kind = " of business time" if sla.clock == "business" else ""
    pauses = ", holds pause it" if sla.holds == "pause" else ""
    return f"{_agreed(sla.within)}{kind}{pauses}"


def _agreed(within: timedelta) -> str:
    """As somebody wrote it: 2 d, 4 h, 90 m."""
    minutes = int(within.total_seconds()) // 60
    if minutes % MINUTES_OF_A_DAY == 0:
        return f"{minutes // MINUTES_OF_A_DAY} d"
    return f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} m"


def _attained(each: HopFigure) -> str:
    percent = each.attained.percent
    if percent is None:
        return ""
    target = each.sla.target_percent if each.sla else None
    if target is not None:
        return "ok" if percent >= target else "risk"
    return "ok" if percent >= GOOD else "warn" if percent >= POOR else "risk"


def _tile(each: Figure, found: QuoteToCash) -> Tile:
    return Tile(
        key=each.kpi.name, label=TITLES.get(each.kpi.name, each.kpi.title), value=said.said(each),
        note=_note(each, found), tone=_tone(each), href=each.kpi.behind,
    )  # fmt: skip


def _note(each: Figure, found: QuoteToCash) -> str:
    if each.value is None:
        return ", ".join(part for part in (each.why, said.made_of(each)) if part)
    match each.kpi.unit:
        case Scale.SECONDS:
            slow = said.amount(each.p95, Scale.SECONDS) if each.p95 is not None else ""
            return f"p95 {slow}, of {each.of:,} in {found.figures.days} days"
        case Scale.PERCENT:
            return f"of {wording.counted(each.of, 'clock')} in {found.figures.days} days"
        case _:
            noun = {"dso": "open invoice", "unbilled": "line", "in_flight": "deal"}.get(each.kpi.name, "engagement")
            parts = [wording.counted(each.of, noun), *([said.made_of(each)] if said.made_of(each) else [])]
            return ", ".join(parts)


def _tone(each: Figure) -> str:
    if each.value is None:
        return ""
    if each.kpi.name == "money_at_risk":
        return "risk" if each.value or each.unknown else ""
    if each.kpi.name == "sla_attainment":
        return "ok" if each.value >= GOOD else "warn" if each.value >= POOR else "risk"
    return ""


def _head(each: FlowStage) -> StageHead:
    unknown = f", {each.came.unknown} of unknown worth" if each.came.unknown else ""
    noun = "deal" if each.role in {"crm", "psa"} else "invoice"
    return StageHead(
        label=each.title, system=each.role, value=said.money(each.came.total),
        note=wording.counted(each.came.clocks, noun) + unknown, href=each.behind,
    )  # fmt: skip


def _flow(stages: Sequence[FlowStage]) -> Flow:
    """All beside the tallest. What came through is never drawn larger than what came."""
    tallest = max((each.came.total.amount for each in stages), default=None) or 1
    drawn: list[Drawn] = []
    for each in stages:
        came = each.came.total.amount
        through = min(each.through.total.amount, came)
        late = min(each.late.total.amount, came - through)
        rest = came - through - late
        last = each is stages[-1]
        drawn.append(Drawn(
            label=each.title, system=each.role, value=said.money(each.came.total), share=float(came / tallest),
            through=float(through / tallest), late=float(late / tallest),
            late_text=f"{said.money(each.late.total)} late" if late else "",
            rest_text="" if last or not rest else _not_yet(each, rest),
        ))  # fmt: skip
    return Flow(tuple(drawn), f"The last {DRAWN_DAYS} days")


def _not_yet(each: FlowStage, rest: object) -> str:
    words = {
        "won": "not open yet",
        "open": "not on an invoice yet",
        "drafted": "not posted yet",
        "posted": "not paid yet",
    }
    return f"{wording.money(str(rest), each.came.total.currency)} {words[each.name]}"


def _not_drawn(stages: Sequence[FlowStage]) -> str:
    amounts = dict.fromkeys(said.money(money) for each in stages[:1] for money in each.came.left_out)
    return f"without {', '.join(amounts)}: no exchange rate" if amounts else ""


def _due(each: Listed, setting: Setting) -> DueRow:
    due = each.due or setting.now
    over = setting.now > due
    apart = wording.span(abs(due - setting.now))
    near = due - setting.now < timedelta(hours=4)
    return DueRow(
        key=each.id, name=each.name, hop=BY_NAME[each.hop].title, href=f"/engagements/{each.engagement}",
        left=f"{apart} over" if over else f"{apart} left", tone="risk" if over else "warn" if near else "ok",
        due=wording.at(due), amount=said.money(each.amount) if each.amount else "",
    )  # fmt: skip
