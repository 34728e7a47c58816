"""The money ladder of an engagement's page, drawn to scale."""

from decimal import Decimal

from throughline.console.engagement import LadderGap, LadderStep
from throughline.console.from_hub import wording
from throughline.hub.telling import words
from throughline.hub.worth import Ladder

NOTHING = Decimal(0)


def steps(worth: Ladder) -> tuple[LadderStep, ...]:
    """Drawn to scale in the currency that was sold in; another is told and not drawn."""
    sold = next((code for step in worth.steps for code in step.amounts), "")
    longest = max((step.amounts.get(sold, NOTHING) for step in worth.steps), default=NOTHING)
    return tuple(
        LadderStep(
            label=words(step.rung.value),
            value=wording.monies(step.amounts),
            note=f"{wording.counted(step.unknown, 'record')} of unknown worth" if step.unknown else "",
            percent=int(step.amounts.get(sold, NOTHING) / longest * 100) if longest > 0 else 0,
        )
        for step in worth.steps
    )


def gaps(worth: Ladder) -> tuple[LadderGap, ...]:
    return tuple(
        LadderGap(name=each.name, value=wording.money(each.amount, each.currency), tone="wait" if each.tied else "risk")
        for each in worth.gaps
    )
