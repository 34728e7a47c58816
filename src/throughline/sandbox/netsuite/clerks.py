"""What the pretend clerks do with receivables, by the control interface: let an invoice go, mail it, credit it."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from aiohttp import web

from throughline.sandbox.netsuite.catalogue import TYPES
from throughline.sandbox.netsuite.ledger import invoice_called
from throughline.sandbox.netsuite.problems import Problem, user_error
from throughline.sandbox.netsuite.records import Edit, Records
from throughline.sandbox.netsuite.resources import body_of
from throughline.sandbox.netsuite.wire import plain
from throughline.sandbox.shelf import Record
from throughline.sandbox.simulator import CONTROL

CLERK = "accountant.uk@halyard.example"
# What a line of a credit memo takes over from the line of the invoice it takes back.
KEPT = ("item", "taxCode", "department")
KEPT_AS_IT_IS = ("description", "custcol_throughline_line", "custcol_throughline_contract_line")


@dataclass(frozen=True, slots=True)
class Clerks:
    records: Records

    def routes(self) -> Iterable[web.RouteDef]:
        return [web.post(f"{CONTROL}/invoices", self._let_go), web.post(f"{CONTROL}/credits", self._credit)]

    async def _let_go(self, request: web.Request) -> web.Response:
        """{"invoice": its id, number or external id, "do": "approve" or "send"}; to send one approves it first.

        Without an invoice all that wait for approval, or for being sent.
        """
        try:
            told = body_of(await request.read())
            do = str(told.get("do", ""))
            changes = self._changes(do)
            done = [self._edited(each, changes) for each in self._meant(told.get("invoice"), do)]
        except Problem as problem:
            return web.json_response({"error": problem.detail}, status=422)
        return web.json_response({"invoices": done})

    async def _credit(self, request: web.Request) -> web.Response:
        """{"invoice": as above, "amount": before tax, all of it if not said, "reason": one}: a credit memo, applied."""
        try:
            told = body_of(await request.read())
            invoice = invoice_called(self.records.shelf, str(told.get("invoice", "")))
            body = credit_of(invoice, told.get("amount"), reason=str(told.get("reason") or "Credited"))
            made = self.records.create(TYPES["creditMemo"], Edit(body=body, actor=CLERK))
        except Problem as problem:
            return web.json_response({"error": problem.detail}, status=422)
        return web.json_response(self._credited(made.id, invoice["id"]), status=201)

    def _changes(self, do: str) -> dict[str, Any]:
        approved = {"approvalStatus": {"id": "2"}}
        match do:
            case "approve":
                return approved
            case "send":
                return {**approved, "custbody_throughline_sent_on": self.records.today().isoformat()}
            case _:
                raise user_error(f"Nobody knows how to {do or 'do nothing'} with an invoice: approve or send.")

    def _meant(self, said: object, do: str) -> list[Record]:
        if said is not None:
            return [invoice_called(self.records.shelf, str(said))]
        return [each for each in self.records.shelf.all("invoice").values() if _waits(each, do)]

    def _edited(self, invoice: Record, changes: dict[str, Any]) -> dict[str, str]:
        self.records.edit(TYPES["invoice"], invoice["id"], Edit(body=changes, actor=CLERK))
        return self._shown(invoice["id"])

    def _shown(self, id_: str) -> dict[str, str]:
        invoice = self.records.shelf.all("invoice")[id_]
        currency = self.records.shelf.all("currency")[invoice["currency"]]["symbol"]
        told = {"id": id_, "invoice": invoice["tranId"], "currency": currency, "total": invoice["total"]}
        return {**told, "remaining": invoice["amountRemaining"]}

    def _credited(self, memo: str, invoice: str) -> dict[str, str]:
        made = self.records.shelf.all("creditMemo")[memo]
        return {**self._shown(invoice), "id": memo, "number": made["tranId"], "amount": made["total"]}


def credit_of(invoice: Record, amount: object, *, reason: str) -> dict[str, Any]:
    """The record of a credit memo; a part is taken off the lines in their order."""
    left = Decimal(invoice["subtotal"]) if amount is None else Decimal(str(amount))
    if not 0 < left <= Decimal(invoice["subtotal"]):
        raise user_error(f"{plain(left)} cannot be credited of {invoice['subtotal']} before tax.")
    lines: list[dict[str, Any]] = []
    for line in invoice["item"]:
        taken = min(left, Decimal(line["amount"]))
        if taken > 0:
            lines.append(_taken_back(line, taken))
            left -= taken
    return {
        "entity": {"id": invoice["entity"]},
        "currency": {"id": invoice["currency"]},
        "createdFrom": {"id": invoice["id"]},
        "memo": reason,
        "item": {"items": lines},
        "apply": {"items": [{"doc": {"id": invoice["id"]}}]},
    }


def _taken_back(line: dict[str, Any], amount: Decimal) -> dict[str, Any]:
    kept = {name: {"id": line[name]} for name in KEPT if line.get(name)}
    return {**kept, **{name: line[name] for name in KEPT_AS_IT_IS if line.get(name)}, "amount": plain(amount)}


def _waits(invoice: Record, do: str) -> bool:
    if do == "approve":
        return invoice["approvalStatus"] == "1"
    return not invoice.get("custbody_throughline_sent_on")
