"""What every process that bills does alike: read what can be read, hold what cannot, and draft what is due."""

from collections.abc import Sequence
from datetime import timedelta

from throughline.core.billing.invoices import charged
from throughline.core.entities import Contract, Entity, Invoice, InvoiceState
from throughline.core.errors import Hold, Retry
from throughline.core.events import ContractBooked, InvoiceDrafted
from throughline.core.roles import Role
from throughline.core.workflow import Flow

NEXT_POLL = timedelta(seconds=30)


async def draft(flow: Flow, invoice: Invoice) -> None:
    """Put it into the ledger, unless somebody there has let it go a moment ago."""
    async with flow.part(f"draft {invoice.id}", amount=charged(invoice)):
        for found in await flow.find(Invoice, at=Role.ERP, like=invoice):
            if found.id == invoice.id and found.fields.get("state", InvoiceState.DRAFT) != InvoiceState.DRAFT:
                raise Retry(f"{invoice.id} was approved a moment ago, and stays as it is", after=NEXT_POLL)
        await flow.put(invoice, into=Role.ERP)
        await flow.emit(InvoiceDrafted(invoice=invoice.id, amount=charged(invoice)))


async def booked(flow: Flow, contract: str) -> Contract:
    """The contract, once there is one: until then the hold is with whoever books it, and one is enough."""
    try:
        return await flow.get(Contract, contract)
    except Hold:
        await flow.wait(ContractBooked, about=contract)
        raise


async def those[E: Entity](flow: Flow, kind: type[E], **named: str) -> list[E]:
    return await some(flow, kind, await flow.every(kind, **named))


async def some[E: Entity](flow: Flow, kind: type[E], ids: Sequence[str]) -> list[E]:
    """Those that can be read; each of the others is a part that is held."""
    found: list[E] = []
    for id_ in ids:
        try:
            found.append(await flow.get(kind, id_))
        except Hold as unread:
            await hold(flow, f"{kind.kind} {id_}", unread)
    return found


async def hold(flow: Flow, name: str, why: Hold) -> None:
    """A part that is held from the start; the others go on."""
    owner = why.owner or flow.firm.policies.hold_owner("finance")
    async with flow.part(name, amount=why.amount):
        raise Hold(why.why, fix=why.fix, owner=owner, amount=why.amount)


def nothing_left(invoice: Invoice) -> Hold:
    return Hold(
        f"Nothing is left to charge on draft {invoice.number or invoice.id} of {charged(invoice)}",
        fix="Delete or void it in the ledger; the run goes on by itself.",
        amount=charged(invoice),
    )
