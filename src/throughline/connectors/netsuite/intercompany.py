"""What one of our companies charges another, as one journal entry between them: two lines for each, in balance.

The amount is the provider's. What it is in the receiver's books follows from the rate on the receiver's lines, and is
also kept in a field of its own, so that both can be read.
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from throughline.connectors.netsuite import periods, records
from throughline.core.connector import Http, Sent
from throughline.core.errors import Hold
from throughline.core.forms import Record
from throughline.core.mapping import Mapping
from throughline.core.money import MINOR_DIGITS

OWED, EARNED, SPENT, OWING = (
    "intercompany_receivable_account",
    "intercompany_revenue_account",
    "intercompany_cost_account",
    "intercompany_payable_account",
)
# What the mapping puts beside the record, and only its lines say.
ASIDE = frozenset({"receiver", "amount", "rate", "period"})
THEIRS, THEIR_CURRENCY = "custbody_throughline_receiver_amount", "custbody_throughline_receiver_currency"
NEEDED = {"amount": "its amount", "rate": "the rate", THEIRS: "what it is in the receiver's currency"}


async def put(http: Http, mapping: Mapping, sent: Sent) -> str:
    """Upsert by our id. A change is of the whole entry: NetSuite takes no half of a balance."""
    there = await records.read(http, mapping.resource, sent.key or f"eid:{sent.id}")
    charge = {**(flat(there) or {} if there else {}), **sent.record}
    _refuse_what_would_be_booked_otherwise(charge)
    entry = _entry(charge, _accounts(http), await periods.end_of(http, str(charge["period"])))
    if not sent.key:
        return await records.upsert(http, mapping.resource, sent.id, entry)
    path = f"{records.RECORDS}/{mapping.resource}/{sent.key}"
    await http.call("PATCH", path, params=records.replacing(["line"]), json=entry, headers=records.STRICT)
    return sent.key


def flat(entry: Record) -> Record | None:
    """The charge an entry is; None for one that the accountants made between subsidiaries for another reason."""
    if not entry.get(THEIR_CURRENCY):
        return None
    lines: list[Record] = entry["line"]["items"]
    provider = entry["subsidiary"]["id"]
    theirs = next((line for line in lines if line["lineSubsidiary"]["id"] != provider), None)
    ours = next((line for line in lines if line["lineSubsidiary"]["id"] == provider and line.get("debit")), None)
    if theirs is None or ours is None:
        return None
    kept = {name: value for name, value in entry.items() if name.startswith("custbody_")}
    named = {name: entry[name] for name in ("id", "externalId", "subsidiary", "currency") if name in entry}
    period = (entry.get("postingPeriod") or {}).get("refName")
    charge = {"receiver": theirs["lineSubsidiary"], "amount": ours["debit"], "rate": theirs.get("lineFxRate")}
    return {**named, **kept, **charge, "period": period}


def _refuse_what_would_be_booked_otherwise(charge: Record) -> None:
    """NetSuite multiplies by the rate itself and rounds half up: the receiver's books must say what the charge does."""
    if lacking := [what for name, what in NEEDED.items() if charge.get(name) is None]:
        raise Hold(
            f"A charge between companies is entered in both currencies, and this one lacks {' and '.join(lacking)}",
            fix="Work the charge out again with the rate of its day, then release.",
        )
    unit = Decimal(1).scaleb(-MINOR_DIGITS[str(charge[THEIR_CURRENCY])])
    booked = (Decimal(charge["amount"]) * Decimal(charge["rate"])).quantize(unit, ROUND_HALF_UP)
    if booked != Decimal(charge[THEIRS]):
        raise Hold(
            f"NetSuite would book {booked} {charge[THEIR_CURRENCY]} for the receiver, and the charge says"
            f" {charge[THEIRS]}: {charge['amount']} at {charge['rate']} is not that",
            fix="Correct the rate or the amount of the charge, then release.",
        )


def _accounts(http: Http) -> dict[str, str]:
    if lacking := [name for name in (OWED, EARNED, SPENT, OWING) if not http.settings.get(name)]:
        raise Hold(
            f"Nobody said which account of NetSuite a charge between companies goes to: {', '.join(lacking)} not set",
            fix="Add the internal ids to settings in the file of this system in systems/, then release.",
        )
    return {name: http.settings[name] for name in (OWED, EARNED, SPENT, OWING)}


def _entry(charge: Record, accounts: dict[str, str], period: tuple[str, str]) -> Record:
    """The provider is owed and has earned it; the receiver has spent and owes it. It is dated at the period's end."""
    provider, receiver = charge["subsidiary"]["id"], charge["receiver"]["id"]
    told = {name: value for name, value in charge.items() if name not in {*ASIDE, "id", "externalId"}}
    sides: list[dict[str, Any]] = [
        _side(provider, accounts[OWED], "debit", charge, due=receiver),
        _side(provider, accounts[EARNED], "credit", charge),
        _side(receiver, accounts[SPENT], "debit", charge),
        _side(receiver, accounts[OWING], "credit", charge, due=provider),
    ]
    dated = {"tranDate": period[1], "postingPeriod": {"id": period[0]}}
    plain = {**told, "subsidiary": {"id": provider}, "currency": {"id": charge["currency"]["id"]}}
    return {**plain, **dated, "line": {"items": sides}}


def _side(subsidiary: str, account: str, side: str, charge: Record, *, due: str | None = None) -> dict[str, Any]:
    """What one company is due from another is taken out again when the group is consolidated."""
    rate = {"lineFxRate": charge["rate"]} if subsidiary == charge["receiver"]["id"] else {"lineFxRate": 1}
    between = {"dueToFromSubsidiary": {"id": due}, "eliminate": True} if due else {}
    return {"lineSubsidiary": {"id": subsidiary}, "account": {"id": account}, side: charge["amount"], **rate, **between}
