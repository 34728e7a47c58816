"""`invoices` and `sla`: what a portal shows of an engagement, at a terminal."""

from dataclasses import asdict

from throughline.cli.exits import Exit, Stop
from throughline.cli.opened import asked
from throughline.cli.printing import after, document, table, talk
from throughline.cli.trace import one_behind
from throughline.cli.where import HERE, Where
from throughline.hub import portal
from throughline.hub.portal import NoSuchInvoice


async def status(any_id: str, /, *, json: bool = False, where: Where = HERE) -> int:
    """How an engagement stands, its invoices, and whether promises were kept.

    Parameters
    ----------
    any_id
        Any id of ours, or of any system, as `trace` takes it.
    json
        One JSON document instead of tables.
    """
    async with asked(where.settings()) as machine:
        id_ = await one_behind(machine, any_id, where)
        told, billed = await portal.status(machine, id_), await portal.billed(machine, id_)
        promises = await portal.promises(machine, id_)
    if json:
        document("portal", {**asdict(told), "invoices": billed, "sla": promises})
        return Exit.DONE
    table(("engagement", "customer", "status", "won"), [(told.name, told.customer, told.status, told.won_at.date())])
    for each in told.waiting_for:
        talk.print(f"waits for {each.owner}: {each.why}", markup=False, soft_wrap=True)
    if billed:
        rows = [
            (each.number or each.id, each.state, each.due_on, each.overdue_days, each.total, each.open)
            for each in billed
        ]
        table(("invoice", "state", "due", "days late", "total", "open"), rows)
    table(
        ("promise", "status", "due"), [(each.title, each.status, f"{each.due_at:%Y-%m-%d %H:%M}") for each in promises]
    )
    after(where.again(f"trace {id_}"))
    return Exit.DONE


async def invoice(any_id: str, /, *, json: bool = False, where: Where = HERE) -> int:
    """How one invoice stands, by its number or any system's id.

    Parameters
    ----------
    any_id
        The invoice's number, our id of it, or the ledger's.
    json
        One JSON document instead of a table.
    """
    async with asked(where.settings()) as machine:
        try:
            each = await portal.invoice(machine, any_id)
        except NoSuchInvoice as error:
            raise Stop(str(error), Exit.FOUND) from error
    if json:
        document("portal-invoice", asdict(each))
        return Exit.DONE
    row = (each.number or each.id, each.state, each.due_on, each.overdue_days, each.total, each.open)
    table(("invoice", "state", "due", "days late", "total", "open"), [row])
    return Exit.DONE
