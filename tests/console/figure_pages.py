"""The example pages of the figures: quote to cash, the key figures, a board, and the clocks of a hop."""

import dataclasses
from typing import Any

from throughline.console.board import BoardCell, BoardLine, BoardPage, Choice, Head
from throughline.console.charts.flow import Flow, FlowStage
from throughline.console.kpis import HopRow, KpiRow, KpisPage, PeriodLink
from throughline.console.overview import DueRow, HopCard, OverviewPage, StageHead, Tile
from throughline.console.pieces import EmptyPlace, Moment
from throughline.console.shell import Shell

OPEN = HopCard(
    key="project_open", title="Won to project open", between=("crm", "psa"), took="6 m 12 s / 41 m 00 s",
    agreed="1 h 00 m, holds pause it", attainment="96.8 %", percent=96, tone="warn", running="14",
    drained="21 Nov 09:10", late="2", href="/clocks?hop=project_open",
)  # fmt: skip
UNTIMED = dataclasses.replace(
    OPEN, key="invoice_paid", title="Invoice posted to paid", between=("erp", "bank"), took="none ended",
    agreed="nothing", attainment="unknown", percent=0, tone="", drained="", late="", href="/clocks?hop=invoice_paid",
)  # fmt: skip


def stage(label: str, system: str, value: str, **shares: Any) -> FlowStage:
    said: dict[str, Any] = {"through": 0.0, "late": 0.0, "late_text": "", "rest_text": "", **shares}
    return FlowStage(label=label, system=system, value=value, **said)


def overview_page(shell: Shell) -> OverviewPage:
    tiles = (
        ("money_at_risk", "Money at risk", "EUR 767,200.00", "19 engagements, 2 of unknown worth", "risk", "/holds"),
        ("in_flight", "In flight", "EUR 18,420,000.00", "214 deals", "", "/boards/start-readiness"),
        ("sla_attainment", "SLA attainment", "96.8 %", "of 1,204 clocks in 30 days", "warn", "/kpis"),
        ("dso", "DSO", "unknown", "an exchange rate is missing, GBP 24,100.00", "", "/clocks?hop=invoice_paid"),
    )  # fmt: skip
    flow = Flow(
        (
            stage("Closed-won", "crm", "EUR 18.4", share=1.0, through=0.9, late=0.04, late_text="EUR 214,000.00 late",
                  rest_text="EUR 900,000.00 not open yet"),
            stage("Project open", "psa", "EUR 16.6", share=0.9, through=0.5, rest_text="EUR 7 not on an invoice yet"),
            stage("Paid", "bank", "EUR 9.0", share=0.5),
        ),
        "The last 90 days",
    )  # fmt: skip
    due = DueRow(
        key="clock-1", name="Meridian Rail", hop="Won to project open", href="/engagements/ENG-2077",
        left="3 h 10 m over", tone="risk", due=Moment("2026-11-20T11:22:00+00:00", "20 Nov 11:22:00"),
        amount="EUR 96,500.00",
    )  # fmt: skip
    return OverviewPage(
        shell=shell,
        summary="19 open holds, 2 late clocks. Every number opens what is behind it.",
        fragment_url="/overview/fragment",
        tiles=tuple(
            Tile(key=key, label=label, value=value, note=note, tone=tone, href=href)
            for key, label, value, note, tone, href in tiles
        ),
        stages=tuple(
            StageHead(label=each.label, system=each.system, value=each.value, note="214 deals", href="/clocks")
            for each in flow.stages
        ),
        flow=flow,
        not_drawn="without GBP 24,100.00: no exchange rate",
        hops=(OPEN, UNTIMED),
        due=(due, dataclasses.replace(due, key="clock-2", left="12 m left", tone="warn", amount="")),
        empty=EmptyPlace("No clock is running", "What is on its way is timed here.", "throughline kpis"),
    )


def kpis_page(shell: Shell) -> KpisPage:
    known = KpiRow(
        key="project_open_time", title="Won to project open", meaning="From a won deal until people can book time.",
        computed="The middle of all clocks of the hop that ended in the period.", sources="clocks", value="6 m 12 s",
        known=True, p95="41 m 00 s", of="208", remark="", href="/clocks?hop=project_open&state=ended",
    )  # fmt: skip
    unknown = dataclasses.replace(
        known, key="dso", title="DSO", value="unknown", known=False, p95="", of="0", remark="no rate",
        href="/clocks?hop=invoice_paid",
    )  # fmt: skip
    return KpisPage(
        shell=shell,
        summary="30 of 31 figures are known, for the last 30 days and as of now.",
        fragment_url="/kpis/fragment?days=30",
        periods=(
            PeriodLink(text="7 days", href="/kpis?days=7", active=False),
            PeriodLink(text="30 days", href="/kpis?days=30", active=True),
        ),
        rows=(known, unknown),
        hops=(
            HopRow(card=OPEN, met="201", missed="7", budget="50 % left", paused="3 stand still"),
            HopRow(card=UNTIMED, met="", missed="", budget="", paused=""),
        ),
        file_url="/kpis.csv?days=30",
        command="throughline kpis --days 30",
    )


def board_page(shell: Shell) -> BoardPage:
    cells = (
        BoardCell(text="Alpenblick claims analytics"), BoardCell(text="Held", tone="risk", icon="hand"),
        BoardCell(text="EUR 486,000.00", number=True), BoardCell(text="unknown", number=True, known=False),
        BoardCell(text="No tax code for a Swiss customer.", wide=True), BoardCell(text="Finance operations"),
    )  # fmt: skip
    heads = (
        Head("Deal", wide=False, number=False), Head("Contract", wide=False, number=False),
        Head("Value", wide=False, number=True), Head("Held", wide=False, number=True),
        Head("What is missing", wide=True, number=False), Head("Owner", wide=False, number=False),
    )  # fmt: skip
    return BoardPage(
        shell=shell,
        title="Start readiness",
        summary="2 rows, 1 at risk. Won deals that are not ready to start.",
        fragment_url="/boards/start-readiness/fragment",
        choices=(
            Choice(text="Start readiness", href="/boards/start-readiness", active=True),
            Choice(text="Billing cut-off", href="/boards/billing-cut-off", active=False),
        ),
        filters=(Choice(text="Running", href="/clocks?hop=project_open&state=running", active=True),),
        heads=heads,
        rows=(
            BoardLine(key="ENG-2041", href="/engagements/ENG-2041", tone="risk", cells=cells),
            BoardLine(key="US-2026-11", href="", tone="wait", cells=cells),
        ),
        file_url="/boards/start-readiness.csv",
        command="throughline board start-readiness",
        empty=EmptyPlace("Nothing is on this board", "What needs somebody appears here.", "throughline status"),
        more=True,
        older_url="/clocks?after=x",
        first_url="/clocks",
    )
