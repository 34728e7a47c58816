"""Between NetSuite's record and a flat one: a customer's address, an order's lines, a billing schedule's amounts.

Pure. `as_read` flattens what they show; `as_sent` makes of our record what they take, given the record as it stands.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from throughline.core.forms import Record

FLAT = {"city": "city", "postal_code": "zip"}
# Lists that are ours as a whole. Of a customer's addresses only the billing address is.
REACHED = ("milestoneActualCompletionDate", "comments")
OURS = ("item", "recurrence", "milestone", "apply")


def as_read(record: Record) -> Record:
    """Without links, and with the billing address as one flat `address`."""
    bare = _without_links(record)
    line = _billing_line(bare)
    return {**bare, "address": _flat(line.get("addressbookAddress", {}))} if line else bare


def needs_to_know(record: Record) -> bool:
    """Whether a change can only be worded by someone who has seen the record."""
    return any(name in record for name in ("address", "item", "recurrence"))


def as_sent(record: Record, before: Record) -> Record:
    """`before` is the record as it stands; empty when there is none yet."""
    sent = {name: value for name, value in record.items() if name not in {"address", "recurrence", "item"}}
    if "address" in record:
        sent["addressbook"] = {"items": [_address_line(record["address"], before)]}
    if "item" in record:
        sent["item"] = {"items": _numbered(record["item"]["items"], before)}
    if "recurrence" in record:
        sent |= _amounts(record["recurrence"]["items"], _plan_type(record) or _plan_type(before), before)
    return sent


def worded(resource: str, record: Record, before: Record) -> Record:
    """What they take, of any resource."""
    sent = as_sent(record, before)
    return applied(sent, before) if resource == "creditMemo" else sent


def begun(resource: str, record: Record, settings: Mapping[str, str]) -> Record:
    """A new record. `new_invoices: pending` leaves an invoice to whoever approves it, whatever the account's rule."""
    if resource == "invoice" and settings.get("new_invoices") == "pending":
        return {**record, "approvalStatus": {"id": "1"}}
    return record


def applied(memo: Record, before: Record) -> Record:
    """A credit memo is used on the invoice it is of, as far as both go; NetSuite works out how far that is."""
    invoice = memo.get("createdFrom") or ("item" in memo and before.get("createdFrom"))
    if not invoice:
        return memo
    # The amount is emptied, or a memo that was changed would be used as far as it went before.
    line: Record = {"doc": {"id": str(invoice["id"])}, "apply": True, "amount": None}
    return {**memo, "apply": {"items": [line]}}


def lists(record: Record) -> list[str]:
    """The lists in it that replace what is there: a line without a key would be added once more at every repetition."""
    return [name for name in OURS if name in record]


def _without_links(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_links(each) for name, each in value.items() if name != "links"}
    return [_without_links(each) for each in value] if isinstance(value, list) else value


def _items(record: Record, name: str) -> list[Record]:
    held = record.get(name)
    return held.get("items", []) if isinstance(held, dict) else []


def _billing_line(record: Record) -> Record:
    return next((line for line in _items(record, "addressbook") if line.get("defaultBilling")), {})


def _flat(address: Record) -> Record:
    streets = [address[name] for name in ("addr1", "addr2") if address.get(name)]
    flat: Record = {ours: address[theirs] for ours, theirs in FLAT.items() if address.get(theirs)}
    if streets:
        flat["street"] = "\n".join(streets)
    if country := (address.get("country") or {}).get("id"):
        flat["country"] = country
    return flat


def _address_line(given: Record, before: Record) -> Record:
    """The billing address, with what is not given left as it was."""
    line = _billing_line(before)
    address = {theirs: given[ours] for ours, theirs in FLAT.items() if ours in given}
    if "street" in given:
        first, _, rest = given["street"].partition("\n")
        address |= {"addr1": first, "addr2": rest.replace("\n", ", ") or None}
    if "country" in given:
        address["country"] = {"id": given["country"]}
    held = {name: value for name, value in line.get("addressbookAddress", {}).items() if value is not None}
    if isinstance(held.get("country"), dict):
        held["country"] = {"id": held["country"]["id"]}
    known = {"internalId": line["internalId"]} if line else {}
    return {**known, "defaultBilling": True, "addressbookAddress": {**held, **address}}


def _numbered(lines: list[Record], before: Record) -> list[Record]:
    """Lines they know keep their number, so that what was billed of them stays theirs."""
    numbers = {line.get("custcol_throughline_line"): line.get("line") for line in _items(before, "item")}
    known = ((_reckoned(line), numbers.get(line.get("custcol_throughline_line"))) for line in lines)
    return [line if number is None else {"line": number, **line} for line, number in known]


def _reckoned(line: Record) -> Record:
    """NetSuite refuses an amount that is not quantity times rate. What was agreed is the amount."""
    if not {"quantity", "rate", "amount"} <= set(line) or Decimal(line["quantity"]) * line["rate"] == line["amount"]:
        return line
    return {name: value for name, value in line.items() if name != "rate"}


def _plan_type(record: Record) -> str | None:
    held = record.get("scheduleType")
    return held.get("id") if isinstance(held, dict) else None


def _amounts(instalments: list[Record], plan_type: str | None, before: Record) -> Record:
    """A plan that waits for milestones keeps its amounts in the milestone list, under that list's own names.

    What was reached stays reached: the list is replaced whole, and a change of the plan must not open it again.
    """
    if plan_type != "FBM":
        return {"recurrence": {"items": instalments}}
    reached = {
        each.get("milestoneName"): each for each in _items(before, "milestone") if each.get("milestoneCompleted")
    }
    milestones = [
        {
            "milestoneName": each["memo"],
            "milestoneDate": each["date"],
            "milestoneAmount": each["amount"],
            "milestoneCompleted": each["memo"] in reached,
            **{name: value for name in REACHED if (value := reached.get(each["memo"], {}).get(name))},
        }
        for each in instalments
    ]
    return {"milestone": {"items": milestones}}
