"""`plan`: what runs would do, with amounts, before anybody agrees to it."""

from dataclasses import asdict
from typing import Any

from throughline.cli.exits import Exit, Stop
from throughline.cli.opened import asked
from throughline.cli.printing import document, money, out, table
from throughline.cli.where import HERE, Where
from throughline.core.money import Money
from throughline.hub.engagements import NoSuchEngagement
from throughline.hub.plan import Preview, foreseen


async def plan(any_id: str, /, *, json: bool = False, where: Where = HERE) -> int:
    """Say what a change order or any run would do, with amounts; send nothing.

    Parameters
    ----------
    any_id
        A run, or any id of ours or of any system: a change order, a quote, an opportunity.
    json
        One JSON document instead of tables.
    """
    async with asked(where.settings()) as machine:
        try:
            found = await foreseen(machine, any_id)
        except NoSuchEngagement as error:
            raise Stop(str(error), Exit.FOUND) from error
    if json:
        document("plan", [_said(each) for each in found])
    else:
        for each in found:
            _say(each)
    return Exit.DONE if not any(each.stops or each.defect for each in found) else Exit.PARTLY


def _said(preview: Preview) -> dict[str, Any]:
    effects = [
        {**asdict(each), "amount": each.amount.model_dump(mode="json") if each.amount else None}
        for each in preview.effects
    ]
    return {**asdict(preview), "effects": effects}


def _say(preview: Preview) -> None:
    out.print(f"{preview.workflow} of {preview.subject} ({preview.run})", markup=False, soft_wrap=True)
    if preview.effects:
        rows = [
            (each.system, each.kind.replace("_", " "), each.operation, each.entity, _amount(each.amount))
            for each in preview.effects
        ]
        table(("system", "what", "how", "which", "amount"), rows, flexible=3)
    else:
        out.print("Nothing would be sent.")
    for words, said in (("taken for granted", preview.assumed), ("would stop", preview.stops)):
        for each in said:
            out.print(f"{words}: {each}", markup=False, soft_wrap=True)
    if preview.defect:
        out.print(f"a defect: {preview.defect}", markup=False, soft_wrap=True)


def _amount(amount: Money | None) -> str:
    return money(amount.amount, amount.currency) if amount else ""
