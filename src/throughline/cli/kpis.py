"""`kpis` and `clocks`: the key figures, how each hop does, and the records behind them."""

import sys
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from throughline.cli.exits import Exit, Stop
from throughline.cli.opened import asked
from throughline.cli.printing import after, clock, document, table, talk
from throughline.cli.where import HERE, Where
from throughline.core.clocks.hops import NoSuchHop
from throughline.core.kpis import Scale
from throughline.core.money import plain
from throughline.hub.clocks.listed import Which, listed
from throughline.hub.kpis import wording
from throughline.hub.kpis.figures import Figure, Figures, HopFigure, figures
from throughline.hub.kpis.file import as_csv


async def kpis(*, days: int = 30, json: bool = False, csv: bool = False, where: Where = HERE) -> int:
    """Every key figure, and how each hop does against what was agreed on.

    Parameters
    ----------
    days
        How many days back a figure of a period counts.
    json
        One JSON document instead of tables.
    csv
        The figures as a file, on stdout.
    """
    async with asked(where.settings()) as machine:
        found = await figures(machine, days=days)
    if json:
        document("kpis", told(found))
    elif csv:
        sys.stdout.write(as_csv(found))
    else:
        _say(found)
        after(where.again("clocks --hop project_open"), where.again("board start-readiness"))
    return Exit.DONE


async def clocks(*, hop: str, state: Which = Which.RUNNING, limit: int = 50, json: bool = False,
                 where: Where = HERE) -> int:  # fmt: skip
    """The clocks of a hop: those that run by what is due first, those that ended newest first.

    Parameters
    ----------
    hop
        Which, such as project_open.
    state
        Those that run, that ended, or that ended so.
    limit
        How many at most.
    json
        One JSON document instead of a table.
    """
    async with asked(where.settings()) as machine:
        try:
            rows = (await listed(machine, hop, which=state, limit=limit)).rows
        except NoSuchHop as error:
            raise Stop(str(error), Exit.USAGE) from error
    if json:
        document("clocks", [{**asdict(each), "amount": _amount(each.amount)} for each in rows])
        return Exit.DONE
    if not rows:
        talk.print(f"There is no clock of {hop} that is {state}.")
        return Exit.DONE
    table(
        ("clock", "state", "worth", "began", "due", "ended", "about"),
        [
            (r.id, r.state, wording.money(r.amount) if r.amount else wording.UNKNOWN, clock(r.began),
             clock(r.due) if r.due else "", clock(r.ended) if r.ended else "", r.name)
            for r in rows
        ],
        flexible=6,
    )  # fmt: skip
    after(where.again(f"trace {rows[0].engagement}"))
    return Exit.DONE


def told(found: Figures) -> dict[str, Any]:
    return {
        "days": found.days, "at": found.now, "data": [_figure(each) for each in found.figures],
        "hops": [_hop(each) for each in found.hops],
    }  # fmt: skip


def _figure(each: Figure) -> dict[str, Any]:
    return {
        "kpi": each.kpi.name, "value": _plain(each.value), "unit": each.kpi.unit.value, "said": wording.said(each),
        "currency": each.currency or None, "p95": _plain(each.p95), "amounts": [_amount(one) for one in each.amounts],
        "of": each.of, "unknown": each.unknown, "why": each.why or None,
    }  # fmt: skip


def _hop(each: HopFigure) -> dict[str, Any]:
    return {
        "hop": each.hop.name, "met": each.attained.met, "missed": each.attained.missed, "ended": each.ended,
        "attainment_percent": _plain(each.attained.percent), "running": each.running, "late": each.late,
        "paused": each.paused, "median_seconds": _plain(each.median_seconds), "p95_seconds": _plain(each.p95_seconds),
        "budget_left_percent": _plain(each.budget.left_percent) if each.budget else None,
        "drained_at": each.drain.likely if each.drain else None,
    }  # fmt: skip


def _say(found: Figures) -> None:
    table(
        ("figure", "value", "of", "remark"),
        [(each.kpi.title, wording.said(each), each.of, _remark(each)) for each in found.figures],
        flexible=3,
    )
    table(
        ("hop", "met", "missed", "attainment", "budget left", "running", "late", "middle", "p95"),
        [
            (
                each.hop.title, each.attained.met, each.attained.missed, _said(each.attained.percent, Scale.PERCENT),
                _said(each.budget.left_percent, Scale.PERCENT) if each.budget else "", each.running, each.late,
                _said(each.median_seconds, Scale.SECONDS), _said(each.p95_seconds, Scale.SECONDS),
            )
            for each in found.hops
        ],
        flexible=0,
    )  # fmt: skip


def _remark(each: Figure) -> str:
    slow = f"p95 {wording.amount(each.p95, each.kpi.unit)}" if each.p95 is not None else ""
    return ", ".join(part for part in (each.why, slow, wording.made_of(each)) if part)


def _said(value: Decimal | None, unit: Scale) -> str:
    return "" if value is None else wording.amount(value, unit)


def _plain(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def _amount(value: Any) -> Any:
    return value.model_dump(mode="json") if value else None
