"""`engagements`: won deals, newest first, and how far each has come."""

from dataclasses import asdict

from throughline.cli.exits import Exit
from throughline.cli.opened import asked
from throughline.cli.printing import after, document, money, table, talk
from throughline.cli.where import HERE, Where
from throughline.hub import overview
from throughline.hub.stages import furthest
from throughline.hub.telling import words


async def engagements(*, limit: int = 50, json: bool = False, where: Where = HERE) -> int:
    """Won deals, newest first, and how far each has come.

    Parameters
    ----------
    limit
        How many at most.
    json
        One JSON document instead of a table.
    """
    async with asked(where.settings()) as machine:
        rows = (await overview.deals(machine, limit=limit)).rows
    if json:
        document("engagements", [asdict(each) for each in rows])
        return Exit.DONE
    if not rows:
        talk.print("No deal was won yet. One won in the CRM appears here within seconds.")
        return Exit.DONE
    table(
        ("engagement", "name", "customer", "amount", "stage", "state", "holds"),
        [
            (
                each.id, each.name, each.customer, money(**each.amount) if each.amount else "",
                words(furthest(each.stages).stage.value), each.state, each.open_holds or "",
            )
            for each in rows
        ],
        flexible=1,
    )  # fmt: skip
    after(*(where.again(f"trace {each.id}") for each in rows[:2]))
    return Exit.DONE
