"""Four eyes: who may say yes, and what two people must agree to before it is decided."""

from throughline.core.gate import APPROVED, DECLINED
from throughline.core.money import Money
from throughline.core.rights import Right
from throughline.hub.firms import NothingApplied
from throughline.hub.machine import Machine
from throughline.store import people, proposals
from throughline.store.database import Row, Sql
from throughline.store.seen_by import approves_here

APPROVAL = {APPROVED, DECLINED}


class MayNotApprove(Exception):
    """They may decide, and this asks for an approval."""

    def __init__(self) -> None:
        super().__init__(f"This asks for an approval, and the right `{Right.APPROVE}` is missing.")
        self.right = Right.APPROVE


class NotByOne(Exception):
    """Two people must agree to this, and this is not the second; the text says why."""


def may_answer(hold: Row) -> bool:
    """Whether whoever asks may: an approval takes a right of its own."""
    return set(hold["choices"]) != APPROVAL or approves_here()


async def agreed(machine: Machine, sql: Sql, hold: Row, choice: str, *, person: str, reason: str | None) -> bool:
    """Whether it is decided with this answer. False when it is only proposed now, and somebody else must agree."""
    if not may_answer(hold):
        raise MayNotApprove
    if not await _two_must(machine, hold):
        return True
    if await people.one(sql, person) is None and await people.anybody(sql):
        raise NotByOne(f"Two people must agree to this, and {person} is none who is written down: sign in as yourself.")
    before = await proposals.one(sql, hold["id"])
    if before is None or before["choice"] != choice:
        await proposals.keep(sql, hold["id"], choice, reason=reason, person=person, now=machine.clock())
        return False
    if before["person"] == person:
        raise NotByOne(f"{person} proposed to {choice} this: somebody else must agree.")
    await proposals.remove(sql, hold["id"])
    return True


async def _two_must(machine: Machine, hold: Row) -> bool:
    if hold["amount"] is None:
        return False
    try:
        policies = (await machine.firms.current()).firm.policies
    except NothingApplied:
        return False
    return policies.two_must_agree(Money.of(hold["amount"], hold["currency"]))
