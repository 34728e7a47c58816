"""`money`: what an engagement is worth at each step from the sale to the books, and what does not tie."""

from dataclasses import asdict

from throughline.cli.exits import Exit
from throughline.cli.opened import asked
from throughline.cli.printing import after, document, mark, out, table
from throughline.cli.printing import money as told
from throughline.cli.trace import one_behind
from throughline.cli.where import HERE, Where
from throughline.hub import worth


async def money(any_id: str, /, *, json: bool = False, where: Where = HERE) -> int:
    """What an engagement is worth at each step from the sale to the books, and what does not tie.

    Parameters
    ----------
    any_id
        Any id of ours, or of any system, as `trace` takes it.
    json
        One JSON document instead of a table.
    """
    async with asked(where.settings()) as machine:
        id_ = await one_behind(machine, any_id, where)
        ladder = await worth.ladder(machine, id_)
    if json:
        document("money", {"engagement": id_, **asdict(ladder)})
        return Exit.DONE
    table(
        ("step", "amount", "records", "of unknown worth"),
        [
            (
                step.rung.value, ", ".join(told(amount, code) for code, amount in step.amounts.items()),
                step.records or "", step.unknown or "",
            )
            for step in ladder.steps
        ],
    )  # fmt: skip
    for gap in ladder.gaps:
        out.print(
            mark("waiting" if gap.tied else "held"), f"{gap.name}: {told(gap.amount, gap.currency)}", markup=False
        )
    after(where.again(f"trace {id_}"), where.again(f"why {id_}"))
    return Exit.DONE
