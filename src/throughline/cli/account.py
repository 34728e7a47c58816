"""`account`: what a customer owes, how late it is, how long it takes to pay, and what is still to bill."""

from typing import Any

from throughline.cli.exits import Exit, Stop
from throughline.cli.opened import asked
from throughline.cli.printing import document, money, out, table
from throughline.cli.where import HERE, Where
from throughline.core.money import Money
from throughline.core.receivables import Standing
from throughline.hub import accounts
from throughline.hub.accounts import Account, NoSuchAccount, SeveralAccounts


async def account(any_id: str, /, *, json: bool = False, where: Where = HERE) -> int:
    """Say what a customer owes, how late, how long it takes to pay, and what is still to bill.

    Parameters
    ----------
    any_id
        Any id of the customer, of ours or of any system.
    json
        One JSON document instead of tables.
    """
    async with asked(where.settings()) as machine:
        try:
            found = await accounts.one(machine, any_id)
        except (NoSuchAccount, SeveralAccounts) as error:
            raise Stop(str(error), Exit.FOUND) from error
    if json:
        document("account", said(found))
    else:
        _say(found)
    return Exit.FOUND if found.unknown else Exit.DONE


def said(found: Account) -> dict[str, Any]:
    """As JSON, with every figure a reader would else work out."""
    positions = [
        {"currency": each.currency, **_sums(each.stands), "backlog": _plain(each.backlog),
         "days_sales_outstanding": each.days_sales_outstanding}
        for each in found.positions
    ]  # fmt: skip
    contracts = [
        {"id": each.contract.id, "name": each.contract.name, "value": _plain(each.contract.value),
         **_sums(each.stands), "backlog": _plain(each.backlog), "unbilled": _plain(each.unbilled),
         "summary": each.summary}
        for each in found.contracts
    ]  # fmt: skip
    whose = {"id": found.id, "name": found.name, "as_of": found.as_of, "unknown": found.unknown}
    return {**whose, "positions": positions, "contracts": contracts}


def _sums(stands: Standing) -> dict[str, Any]:
    names = ("billed", "credited", "settled", "open_amount", "overdue")
    return {name: _plain(getattr(stands, name)) for name in names}


def _plain(amount: Money | None) -> dict[str, Any] | None:
    return None if amount is None else amount.model_dump(mode="json")


def _say(found: Account) -> None:
    out.print(f"{found.name} ({found.id}), {found.as_of}", markup=False, soft_wrap=True)
    if found.unknown:
        out.print(f"Not known: {found.unknown}", markup=False, soft_wrap=True)
        return
    rows = [
        (_in(each.stands.billed), _in(each.stands.open_amount), _in(each.stands.overdue), _in(each.backlog),
         "not known" if each.days_sales_outstanding is None else f"{each.days_sales_outstanding} days")
        for each in found.positions
    ]  # fmt: skip
    table(("billed", "open", "overdue", "backlog", "DSO"), rows)
    own = [
        (each.contract.name, _in(each.contract.value), _in(each.stands.open_amount), _in(each.backlog),
         "not known" if each.unbilled is None else _in(each.unbilled))
        for each in found.contracts
    ]  # fmt: skip
    table(("contract", "value", "open", "backlog", "unbilled"), own, flexible=0)


def _in(amount: Money) -> str:
    return money(amount.amount, amount.currency)
