"""Key figures over HTTP: each with its definition, what it was computed from, and every hop against its agreement."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from throughline.api.asking import TheMachine
from throughline.api.shapes import Csv, Shape
from throughline.core.kpis import Scale
from throughline.core.money import Exact, Money
from throughline.core.rights import Right, needs
from throughline.hub.kpis import wording
from throughline.hub.kpis.figures import Figure, HopFigure, figures
from throughline.hub.kpis.file import as_csv

router = APIRouter(tags=["experience"])

Days = Annotated[int, Query(ge=1, le=366, description="How many days back a figure of a period counts.", examples=[30])]


class KpiShape(Shape):
    """One figure, with its definition."""

    kpi: str = Field(examples=["project_open_time"])
    title: str = Field(examples=["Won to project open"])
    meaning: str
    unit: Scale
    value: Exact | None = Field(description="Null when it is not known; `why` then says why.")
    said: str = Field(description="The value in words.", examples=["6 m 12 s"])
    currency: str | None = Field(description="Of a sum of money: the firm's reporting currency.")
    p95: Exact | None = Field(description="Of a time: what a twentieth took longer than.")
    amounts: list[Money] = Field(description="Of a sum of money: what it is made of.")
    of: int = Field(description="How many records it was computed from.")
    unknown: int = Field(description="How many records it leaves out: nobody knows what they are worth.")
    why: str | None
    better: Literal["lower", "higher", "neither"]
    of_period: bool = Field(description="Whether it counts the period; if not, it says how it stands now.")
    computed: str = Field(description="How it is computed.")
    sources: list[str]


class Agreed(Shape):
    """What the firm has agreed on for a hop."""

    within_seconds: int | None
    by: str | None = Field(description="The cut-off it ends with.", examples=["billing"])
    clock: Literal["always", "business"]
    holds: Literal["run", "pause"]
    target_percent: Exact | None


class HopShape(Shape):
    """One way from step to step: how it does against what was agreed on."""

    hop: str = Field(examples=["project_open"])
    title: str = Field(examples=["Won to project open"])
    agreed: Agreed | None
    met: int
    missed: int
    ended: int
    attainment_percent: Exact | None = Field(description="Null when none ended with an agreed time.")
    budget_left_percent: Exact | None = Field(description="Of the error budget; null without a target.")
    running: int
    late: int
    paused: int
    median_seconds: Exact | None
    p95_seconds: Exact | None
    drained_at: datetime | None = Field(description="When what runs will be through, at the rate of the period.")
    drained_between: list[datetime | None] = Field(description="At the earliest and at the latest, nine times in ten.")


class Kpis(Shape):
    """All figures, for the days before a moment."""

    days: int
    at: datetime
    data: list[KpiShape]
    hops: list[HopShape]


@router.get("/kpis")
@needs(Right.READ)
async def list_kpis(machine: TheMachine, days: Days = 30) -> Kpis:
    """Every key figure and every hop."""
    found = await figures(machine, days=days)
    return Kpis(
        days=days, at=found.now, data=[shape(each) for each in found.figures], hops=[_hop(each) for each in found.hops]
    )


@router.get("/kpis.csv", response_class=Csv)
@needs(Right.READ)
async def export_kpis(machine: TheMachine, days: Days = 30) -> Csv:
    """Every key figure as a file."""
    headers = {"Content-Disposition": 'attachment; filename="kpis.csv"'}
    return Csv(as_csv(await figures(machine, days=days)), headers=headers)


def shape(each: Figure) -> KpiShape:
    kpi = each.kpi
    return KpiShape(
        kpi=kpi.name, title=kpi.title, meaning=kpi.meaning, unit=kpi.unit, value=each.value, said=wording.said(each),
        currency=each.currency or None, p95=each.p95, amounts=list(each.amounts), of=each.of, unknown=each.unknown,
        why=each.why or None, better=kpi.better, of_period=kpi.of_period, computed=kpi.computed,
        sources=list(kpi.sources),
    )  # fmt: skip


def _hop(each: HopFigure) -> HopShape:
    sla, drained = each.sla, each.drain
    agreed = Agreed(
        within_seconds=int(sla.within.total_seconds()) if sla.within else None, by=sla.by, clock=sla.clock,
        holds=sla.holds, target_percent=sla.target_percent,
    ) if sla else None  # fmt: skip
    return HopShape(
        hop=each.hop.name, title=each.hop.title, agreed=agreed, met=each.attained.met, missed=each.attained.missed,
        ended=each.ended, attainment_percent=each.attained.percent,
        budget_left_percent=each.budget.left_percent if each.budget else None, running=each.running, late=each.late,
        paused=each.paused, median_seconds=each.median_seconds, p95_seconds=each.p95_seconds,
        drained_at=drained.likely if drained else None,
        drained_between=[drained.earliest, drained.latest] if drained else [],
    )  # fmt: skip
