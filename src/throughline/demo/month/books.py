"""The month as each simulated system has it in its own records: sold, planned, worked, billed, paid, recognised."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from throughline.demo.month.script import Month

type Record = Mapping[str, Any]
type State = Mapping[str, Mapping[str, Record]]
type Totals = dict[str, Decimal]

BILLS_TIME = "time_and_materials"
# What the ledger calls an invoice that somebody has approved.
APPROVED = "2"
CHANGE_FIELD = "Change order"


@dataclass(frozen=True, slots=True)
class Books:
    """By currency. Every figure comes from the records of one system, by its own arithmetic."""

    month: Month
    crm: State
    erp: State
    psa: State

    def sold(self) -> Totals:
        """Deals that begin in the month, and what changed them."""
        won = (each for each in self.crm["Opportunity"].values() if each["IsWon"])
        return summed((each["CurrencyIsoCode"], each["Amount"]) for each in won if self._begins(each["Start_Date__c"]))

    def agreed_in_delivery(self) -> Totals:
        """Changes that were asked for on a task, and agreed to."""
        fields = {id_ for id_, each in self.psa["custom_fields"].items() if each["name"] == CHANGE_FIELD}
        values = self.psa.get("custom_field_values", {}).values()
        tasks = [
            self.psa["stories"][str(each["subject_id"])]
            for each in values
            if str(each["custom_field_id"]) in fields and each["value"] == "Approved"
        ]
        projects = self.psa["workspaces"]
        return summed(
            (projects[str(each["workspace_id"])]["currency"], _cents(each["budget_estimate_in_cents"]))
            for each in tasks
            if self._begins(projects[str(each["workspace_id"])]["start_date"])
        )

    def contracted(self) -> Totals:
        """Sales orders, without tax."""
        return summed((self._currency(each), each["subtotal"]) for each in self._orders().values())

    def planned(self) -> Totals:
        """What the projects are to bring in."""
        return summed((each["currency"], _cents(each["price_in_cents"])) for each in self._projects().values())

    def worked(self) -> Totals:
        """Hours of the month at their price over there, charged to somebody or not."""
        return summed((each["currency"], _worth(each)) for each in self._entries())

    def approved(self) -> Totals:
        return summed((each["currency"], _worth(each)) for each in self._entries() if each["approved"])

    def unapproved(self) -> Totals:
        return summed((each["currency"], _worth(each)) for each in self._entries() if not each["approved"])

    def chargeable(self) -> Totals:
        """Approved hours on contracts that bill the time that was worked."""
        stories, charged = self.psa["stories"], self._billed_by_time()
        return summed(
            (each["currency"], _worth(each))
            for each in self._entries()
            if each["approved"]
            and each["billable"]
            and stories[str(each["story_id"])]["billable"]
            and str(each["workspace_id"]) in charged
        )

    def billed_for_time(self) -> Totals:
        """Lines of invoices for hours, in whatever period they were booked."""
        orders = {
            id_ for id_, each in self._orders().items() if each["custbody_throughline_contract_type"] == BILLS_TIME
        }
        return summed(
            (self._currency(invoice), line["amount"])
            for invoice in self.erp.get("invoice", {}).values()
            if invoice.get("createdFrom") in orders
            for line in invoice["item"]
            if "/ expense /" not in line["custcol_throughline_line"]
        )

    def due(self) -> Totals:
        """Instalments of billing schedules that fall into the month; a milestone only once it is reached."""
        schedules = {each.get("billingSchedule"): each for each in self._orders().values()}
        return summed(
            (self._currency(each), row["amount"])
            for id_, each in self.erp["billingSchedule"].items()
            if id_ in schedules
            for row in each.get("recurrence", [])
            if self.month.holds(row["date"])
        )

    def billed_by_plan(self) -> Totals:
        """Invoices of the month for instalments."""
        return summed(
            (self._currency(each), line["amount"])
            for each in self._invoices()
            for line in each["item"]
            if "/ instalment /" in line["custcol_throughline_line"]
        )

    def billed(self) -> Totals:
        """What customers were asked for, tax included."""
        return summed((self._currency(each), each["total"]) for each in self._posted())

    def paid(self) -> Totals:
        """What came in for it, by the payments themselves."""
        posted = {each["id"] for each in self._posted()}
        return summed(
            (self._currency(each), row["amount"])
            for each in self.erp.get("customerPayment", {}).values()
            for row in each["apply"]
            if row["doc"] in posted
        )

    def owed(self) -> Totals:
        return summed((self._currency(each), each["amountRemaining"]) for each in self._posted())

    def spread(self) -> Totals:
        """Lines of orders whose revenue is spread over time."""
        spread = {(each["order"], each["lineUniqueKey"]) for each in self.erp.get("revenueElement", {}).values()}
        return summed(
            (self._currency(order), line["amount"])
            for id_, order in self._orders().items()
            for line in order["item"]
            if (id_, line["lineUniqueKey"]) in spread
        )

    def recognised(self) -> Totals:
        """By the lines of the revenue plans that were turned into journals."""
        return self._revenue(recognised=True)

    def deferred(self) -> Totals:
        return self._revenue(recognised=False)

    def _revenue(self, *, recognised: bool) -> Totals:
        plans, elements, orders = self.erp.get("revenuePlan", {}), self.erp.get("revenueElement", {}), self._orders()
        return summed(
            (self._currency(elements[plans[line["revenuePlan"]]["createdFrom"]]), line["amount"])
            for line in self.erp.get("revenuePlanPlannedRevenue", {}).values()
            if bool(line["isRecognized"]) is recognised
            and elements[plans[line["revenuePlan"]]["createdFrom"]]["order"] in orders
        )

    def _orders(self) -> dict[str, Record]:
        return {id_: each for id_, each in self.erp["salesOrder"].items() if self._begins(each.get("startDate"))}

    def _projects(self) -> dict[str, Record]:
        return {id_: each for id_, each in self.psa["workspaces"].items() if self._begins(each["start_date"])}

    def _billed_by_time(self) -> set[str]:
        """The projects of those contracts: an order and its project carry the deal's name."""
        names = {
            each["memo"] for each in self._orders().values() if each["custbody_throughline_contract_type"] == BILLS_TIME
        }
        return {id_ for id_, each in self._projects().items() if each["title"] in names}

    def _entries(self) -> list[Record]:
        there, projects = self.psa["time_entries"].values(), self._projects()
        return [
            each for each in there if str(each["workspace_id"]) in projects and self.month.holds(each["date_performed"])
        ]

    def _invoices(self) -> list[Record]:
        there, orders = self.erp.get("invoice", {}).values(), self._orders()
        return [each for each in there if each.get("createdFrom") in orders and self.month.holds(each["tranDate"])]

    def _posted(self) -> list[Record]:
        return [each for each in self._invoices() if each["approvalStatus"] == APPROVED]

    def _begins(self, day: str | None) -> bool:
        return day is not None and self.month.holds(day)

    def _currency(self, record: Record) -> str:
        return self.erp["currency"][record["currency"]]["symbol"]


def summed(amounts: Iterable[tuple[str, Any]]) -> Totals:
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for currency, amount in amounts:
        totals[currency] += Decimal(str(amount))
    return dict(totals)


def _cents(cents: int | None) -> Decimal:
    return Decimal(cents or 0) / 100


def _worth(entry: Record) -> Decimal:
    return (Decimal(entry["rate_in_cents"] or 0) * entry["time_in_minutes"] / 6000).quantize(Decimal("0.01"))
