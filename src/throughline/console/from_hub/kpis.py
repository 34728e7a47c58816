"""The page of key figures, from the figures themselves."""

from decimal import Decimal

from throughline.console.from_hub.frame import Setting, shell
from throughline.console.from_hub.overview import card
from throughline.console.kpis import HopRow, KpiRow, KpisPage, PeriodLink
from throughline.console.shell import Crumb
from throughline.core.kpis import Scale
from throughline.hub.kpis import wording
from throughline.hub.kpis.figures import Figure, Figures, HopFigure

PERIODS = (7, 30, 90)


def page(setting: Setting, found: Figures, *, query: str) -> KpisPage:
    known = sum(each.value is not None for each in found.figures)
    days = f"?days={found.days}"
    return KpisPage(
        shell=shell(setting, "Key figures", "kpis", Crumb("Key figures")),
        summary=f"{known} of {len(found.figures)} figures are known, for the last {found.days} days and as of now.",
        fragment_url=f"/kpis/fragment{query}",
        periods=tuple(
            PeriodLink(text=f"{each} days", href=f"/kpis?days={each}", active=each == found.days) for each in PERIODS
        ),
        rows=tuple(_row(each) for each in found.figures),
        hops=tuple(_hop(each) for each in found.hops),
        file_url=f"/kpis.csv{days}",
        command=f"throughline kpis --days {found.days}",
    )


def _row(each: Figure) -> KpiRow:
    return KpiRow(
        key=each.kpi.name, title=each.kpi.title, meaning=each.kpi.meaning, computed=each.kpi.computed,
        sources=", ".join(each.kpi.sources), value=wording.said(each), known=each.value is not None,
        p95=wording.amount(each.p95, each.kpi.unit) if each.p95 is not None else "", of=f"{each.of:,}",
        remark=", ".join(part for part in (each.why, wording.made_of(each)) if part), href=each.kpi.behind,
    )  # fmt: skip


def _hop(each: HopFigure) -> HopRow:
    left = each.budget.left_percent if each.budget else None
    return HopRow(
        card=card(each), met=f"{each.attained.met:,}" if each.attained.ended else "",
        missed=f"{each.attained.missed:,}" if each.attained.ended else "",
        budget=_budget(left) if left is not None else "no target" if each.sla else "",
        paused=f"{each.paused:,} stand still" if each.paused else "",
    )  # fmt: skip


def _budget(left: Decimal) -> str:
    return f"{wording.amount(left, Scale.PERCENT)} left" if left >= 0 else "overdrawn"
