"""`find`: the engagements that an id, a name, a number or an amount leads to."""

from throughline.cli.exits import Exit, Stop
from throughline.cli.opened import asked
from throughline.cli.printing import after, document, money, table
from throughline.cli.where import HERE, Where
from throughline.hub import search


async def find(*said: str, limit: int = search.MOST, json: bool = False, where: Where = HERE) -> int:
    """Find the engagement behind an id, a name, an invoice number, a purchase order or an amount.

    Parameters
    ----------
    said
        What you have: any id of any system, a name or its beginning, a number, or an amount such as 62,400.00.
    limit
        How many at most.
    json
        One JSON document instead of a table.
    """
    text = " ".join(said)
    if not text.strip():
        raise Stop("Say what to find: an id, a name, a number or an amount.", Exit.USAGE)
    async with asked(where.settings()) as machine:
        found = await search.anything(machine, text, limit=limit)
    if json:
        document("find", {"query": text, "found": found})
        return Exit.DONE if found else Exit.FOUND
    if not found:
        raise Stop(f"Nothing is known under {text}. Try an id of any system, or the beginning of a name.", Exit.FOUND)
    rows = [
        (
            each.engagement or "",
            each.name,
            each.customer,
            money(**each.amount) if each.amount else "",
            each.state,
            each.by,
        )
        for each in found
    ]
    table(("engagement", "name", "customer", "amount", "state", "found by"), rows, flexible=1)
    after(*(where.again(f"trace {each.engagement}") for each in found[:3] if each.engagement))
    return Exit.DONE
