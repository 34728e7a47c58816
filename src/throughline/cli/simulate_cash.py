"""`simulate`: what finance and customers do with an invoice: let it go, mail it, pay it, have it credited."""

from typing import Any

from throughline.cli.exits import Exit
from throughline.cli.printing import document, money, out
from throughline.cli.simulate import wish
from throughline.cli.where import HERE, Where


async def invoice(invoice: str | None = None, /, *, approve: bool = False, json: bool = False,
                  where: Where = HERE) -> int:  # fmt: skip
    """Let an invoice go in the simulated ERP, and mail it, as finance would.

    Parameters
    ----------
    invoice
        Its number, its id over there, or its id here; all that wait if not said.
    approve
        Only approve it, and do not mail it.
    json
        One JSON document instead of a sentence.
    """
    do = "approve" if approve else "send"
    made = await wish(where, "netsuite", "invoices", {"do": do} | ({"invoice": invoice} if invoice else {}))
    if json:
        document("simulated-invoice", made)
        return Exit.DONE
    done = "approved" if approve else "approved and sent"
    for each in made["invoices"]:
        out.print(f"{each['invoice']}: {_worth(each, 'total')} {done}", markup=False, soft_wrap=True)
    if not made["invoices"]:
        out.print("No invoice waits for that.")
    return Exit.DONE


async def payment(invoice: str, /, *, amount: str | None = None, json: bool = False, where: Where = HERE) -> int:
    """Pay an invoice in the simulated ERP, as a customer would.

    Parameters
    ----------
    invoice
        Its number, its id over there, or its id here.
    amount
        How much of it; all that is open if not said.
    json
        One JSON document instead of a sentence.
    """
    wanted = {"invoice": invoice, "amount": amount}
    made = await wish(where, "netsuite", "payments", {name: value for name, value in wanted.items() if value})
    if json:
        document("simulated-payment", made)
    else:
        paid, left = _worth(made, "amount"), _worth(made, "remaining")
        out.print(f"{made['number']}: {paid} of {made['invoice']}, {left} open", markup=False, soft_wrap=True)
    return Exit.DONE


async def credit(invoice: str, /, *, amount: str | None = None, reason: str | None = None, json: bool = False,
                 where: Where = HERE) -> int:  # fmt: skip
    """Credit an invoice in the simulated ERP, as finance would.

    Parameters
    ----------
    invoice
        Its number, its id over there, or its id here.
    amount
        How much of it, before tax; all of it if not said.
    reason
        What the customer reads on the credit memo.
    json
        One JSON document instead of a sentence.
    """
    wanted = {"invoice": invoice, "amount": amount, "reason": reason}
    made = await wish(where, "netsuite", "credits", {name: value for name, value in wanted.items() if value})
    if json:
        document("simulated-credit", made)
    else:
        taken, left = _worth(made, "amount"), _worth(made, "remaining")
        out.print(f"{made['number']}: {taken} of {made['invoice']}, {left} open", markup=False, soft_wrap=True)
    return Exit.DONE


def _worth(made: dict[str, Any], name: str) -> str:
    return money(made[name], made["currency"]) or ""
