"""The systems page, from how each system stands."""

from collections.abc import Sequence

from throughline.console.from_hub import wording
from throughline.console.from_hub.frame import Setting, shell
from throughline.console.pieces import EmptyPlace
from throughline.console.shell import Crumb
from throughline.console.states import SystemState, Tone
from throughline.console.systems import SystemRow, SystemsPage
from throughline.hub.systems import Condition, Standing

EMPTY = EmptyPlace("No system is installed", "Write systems/<name>.yaml in the firm's folder.", "throughline demo")
NEARLY, ALMOST_ALL = 75, 95
# Spelled as their makers do.
NAMES = {"netsuite": "NetSuite"}


def page(setting: Setting, found: Sequence[Standing]) -> SystemsPage:
    unwell = [each for each in found if each.condition is not Condition.OK]
    said = f"{len(unwell)} cannot be worked with as usual" if unwell else "all working"
    return SystemsPage(
        shell=shell(setting, "Systems", "systems", Crumb("Systems"), cli="throughline status"),
        summary=f"{wording.counted(len(found), 'system')}, {said}.",
        fragment_url="/systems/fragment",
        rows=tuple(row(each, setting) for each in found),
        empty=EMPTY,
    )


def row(standing: Standing, setting: Setting) -> SystemRow:
    budget, percent = budget_of(standing)
    last = standing.last_contact
    failed = f" ({standing.failed_today:,} failed)" if standing.failed_today else ""
    return SystemRow(
        key=standing.name,
        product=NAMES.get(standing.product, standing.product.capitalize()),
        address=standing.address,
        roles=standing.roles,
        state=SystemState(standing.condition.value),
        note=standing.note,
        last_contact=wording.age(last, setting.now) if last else None,
        calls_today=f"{standing.calls_today:,}{failed}",
        budget=budget,
        budget_percent=percent,
        budget_tone=tone(percent),
    )


def budget_of(standing: Standing) -> tuple[str, int]:
    """The day's budget where there is one, else what is used of the bucket that refills every second."""
    if standing.per_day:
        return f"{standing.calls_today:,} of {standing.per_day:,} a day", min(
            standing.calls_today * 100 // standing.per_day, 100
        )
    if standing.burst and standing.left is not None:
        used = standing.burst - standing.left
        return f"{used} of {standing.burst} at once", used * 100 // standing.burst
    return "", 0


def tone(percent: int) -> Tone:
    if percent >= ALMOST_ALL:
        return "risk"
    return "warn" if percent >= NEARLY else "ok"
