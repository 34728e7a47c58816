"""Every key figure, defined once: what it is called, what it means, its unit, how it is computed and from what."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Scale(StrEnum):
    """What a figure is counted in."""

    SECONDS = "seconds"
    DAYS = "days"
    HOURS = "hours"
    PERCENT = "percent"
    COUNT = "count"
    MONEY = "money"


class NoSuchKpi(LookupError):
    """There is no key figure of this name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kpi:
    """One figure. `of_period` ones count what happened in a span of days; the others how it stands now.

    `behind` is where the console lists the records it was computed from. `hop` is the way it times, if it times one.
    """

    name: str
    title: str
    meaning: str
    unit: Scale
    computed: str
    sources: tuple[str, ...]
    better: Literal["lower", "higher", "neither"]
    behind: str
    of_period: bool = True
    hop: str = ""


def _time(name: str, title: str, meaning: str, hop: str) -> Kpi:
    computed = "The middle of all clocks of the hop that ended in the period; p95 is what a twentieth took longer than."
    return Kpi(
        name=name, title=title, meaning=meaning, unit=Scale.SECONDS, computed=computed, sources=("clocks",),
        better="lower", behind=f"/clocks?hop={hop}&state=ended", hop=hop,
    )  # fmt: skip


KPIS = (
    Kpi(
        name="money_at_risk", title="Money at risk",
        meaning="What open holds and late clocks stand in the way of.", unit=Scale.MONEY,
        computed="Of each engagement the largest amount of its open holds and late clocks, each engagement once.",
        sources=("holds", "clocks"), better="lower", behind="/holds", of_period=False,
    ),
    Kpi(
        name="in_flight", title="In flight", meaning="Won deals still on their way to a contract and a project.",
        unit=Scale.MONEY, computed="The amount of each deal that has a clock of its handoff running, each deal once.",
        sources=("clocks", "deals"), better="neither", behind="/boards/start-readiness", of_period=False,
    ),
    Kpi(
        name="sla_attainment", title="SLA attainment", meaning="How much ended within what was agreed on.",
        unit=Scale.PERCENT, computed="Clocks met of all clocks that ended in the period with an agreed time.",
        sources=("clocks",), better="higher", behind="/kpis",
    ),
    _time("customer_time", "Won to customer", "From a won deal until the ERP has its customer.", "customer_placed"),
    _time("contract_time", "Won to contract", "From a won deal until its contract is booked.", "contract_booked"),
    _time("project_open_time", "Won to project open", "From a won deal until people can book time.", "project_open"),
    _time("change_time", "Change approved to applied", "From a yes until every system has the change.",
          "change_applied"),
    _time("billing_time", "Work approved to billed", "From a month's first approval until nothing of it is unbilled.",
          "work_billed"),
    _time("posting_time", "Invoice drafted to posted", "From a draft until it is in the books.", "invoice_posted"),
    _time("collection_time", "Invoice posted to paid", "From the books until nothing is open.", "invoice_paid"),
    Kpi(
        name="billing_on_time", title="Billable time posted in time",
        meaning="How many months of work were billed by their cut-off.", unit=Scale.PERCENT,
        computed="Of the months of work on a project whose billing ended in the period, those that met their clock.",
        sources=("clocks", "work months"), better="higher", behind="/clocks?hop=work_billed&state=ended",
        hop="work_billed",
    ),
    Kpi(
        name="conversion", title="Won deals with a project", meaning="How many deals won became a project.",
        unit=Scale.PERCENT, computed="Of the deals won in the period, and not given up, those whose project is open.",
        sources=("clocks",), better="higher", behind="/clocks?hop=project_open", hop="project_open",
    ),
    Kpi(
        name="won_without_project", title="Won deals without a project", meaning="Deals nobody can book time on yet.",
        unit=Scale.COUNT, computed="Clocks from won to project open that run.", sources=("clocks",), better="lower",
        behind="/boards/start-readiness", of_period=False, hop="project_open",
    ),
    Kpi(
        name="failed_provisioning", title="Provisioning that stopped",
        meaning="Won deals without a project that a person must decide on.", unit=Scale.COUNT,
        computed="Clocks from won to project open that run while a hold of their engagement is open.",
        sources=("clocks", "holds"), better="lower", behind="/boards/start-readiness", of_period=False,
    ),
    Kpi(
        name="first_pass_yield", title="First-pass yield", meaning="How many deals went through without a person.",
        unit=Scale.PERCENT, computed="Of the projects opened in the period, those whose engagement never had a hold.",
        sources=("clocks", "holds"), better="higher", behind="/clocks?hop=project_open&state=ended",
    ),
    Kpi(
        name="exceptions_opened", title="Holds opened", meaning="How often a person was needed.", unit=Scale.COUNT,
        computed="Holds that opened in the period.", sources=("holds",), better="lower", behind="/holds",
    ),
    Kpi(
        name="exceptions_open", title="Holds open", meaning="What waits for a person now.", unit=Scale.COUNT,
        computed="Holds that are open.", sources=("holds",), better="lower", behind="/holds", of_period=False,
    ),
    Kpi(
        name="exception_resolution_time", title="Time to resolve a hold", meaning="How long a hold stands in the way.",
        unit=Scale.SECONDS, computed="The middle of the holds closed in the period, opened to closed, by the wall.",
        sources=("holds",), better="lower", behind="/holds",
    ),
    Kpi(
        name="change_exception_rate", title="Contract changes with a hold",
        meaning="How many change orders did not go through by themselves.", unit=Scale.PERCENT,
        computed="Of the change orders approved in the period, those a hold was opened about.",
        sources=("clocks", "holds"), better="lower", behind="/boards/change-orders",
    ),
    Kpi(
        name="billing_exceptions", title="Billing holds", meaning="What keeps work or instalments off an invoice.",
        unit=Scale.COUNT, computed="Open holds of the runs that bill work and plans.", sources=("holds",),
        better="lower", behind="/holds", of_period=False,
    ),
    Kpi(
        name="throughput", title="Business events", meaning="How much happened.", unit=Scale.COUNT,
        computed="Events of every type on the days of the period.", sources=("events",), better="neither",
        behind="/engagements",
    ),
    Kpi(
        name="unposted_time", title="Unposted time", meaning="Approved hours that are on no invoice, not even a draft.",
        unit=Scale.HOURS, computed="Approved billable hours of work sold by the hour that no invoice covers.",
        sources=("work months",), better="lower", behind="/boards/unposted-time", of_period=False,
    ),
    Kpi(
        name="unbilled", title="Unbilled", meaning="Approved work that no invoice in the books covers.",
        unit=Scale.MONEY, computed="What approved billable lines come to, less those on invoices that are out. Lines"
        " without a rate are counted as unknown.", sources=("work months",), better="lower",
        behind="/boards/billing-cut-off", of_period=False,
    ),
    Kpi(
        name="unbilled_over_30", title="Unbilled over 30 days", meaning="Unbilled work that began to wait a month ago.",
        unit=Scale.MONEY, computed="Unbilled, of months whose oldest line on no invoice is older than 30 days.",
        sources=("work months",), better="lower", behind="/boards/unposted-time", of_period=False,
    ),
    Kpi(
        name="dso", title="DSO", meaning="How many days of sales customers owe.", unit=Scale.DAYS,
        computed="What is open of invoices that are out, over what was invoiced in the last 90 days, times 90.",
        sources=("invoices", "exchange rates"), better="lower", behind="/clocks?hop=invoice_paid", of_period=False,
    ),
    Kpi(
        name="overdue", title="Late invoices", meaning="Invoices in the books past the time agreed on to pay.",
        unit=Scale.MONEY, computed="What late clocks from posted to paid are worth.", sources=("clocks", "invoices"),
        better="lower", behind="/clocks?hop=invoice_paid", of_period=False, hop="invoice_paid",
    ),
    Kpi(
        name="disputed_invoices", title="Disputed invoices", meaning="Invoices a customer does not accept.",
        unit=Scale.COUNT, computed="Invoices the ledger calls disputed.", sources=("invoices",), better="lower",
        behind="/clocks?hop=invoice_paid", of_period=False,
    ),
    Kpi(
        name="unreconciled_value", title="Unreconciled value", meaning="What does not agree between systems, in money.",
        unit=Scale.MONEY, computed="What open breaks are worth; those of unknown worth are counted as unknown.",
        sources=("breaks",), better="lower", behind="/reconciliation", of_period=False,
    ),
    Kpi(
        name="reconciliation_breaks", title="Breaks", meaning="What does not agree between systems.", unit=Scale.COUNT,
        computed="Breaks that are open.", sources=("breaks",), better="lower", behind="/reconciliation",
        of_period=False,
    ),
    Kpi(
        name="master_data_consistency", title="Master data consistency",
        meaning="How much of the master data is the same everywhere.", unit=Scale.PERCENT,
        computed="Of what the comparisons outside money hold on their left side, what has no open break.",
        sources=("reconciliations", "breaks"), better="higher", behind="/reconciliation", of_period=False,
    ),
    Kpi(
        name="data_completeness", title="Data completeness", meaning="Whether anything was skipped.",
        unit=Scale.PERCENT, computed="Of the counts taken of a system's kind and month, those without a lasting gap.",
        sources=("censuses",), better="higher", behind="/reconciliation", of_period=False,
    ),
)  # fmt: skip
BY_NAME = {each.name: each for each in KPIS}


def kpi(name: str) -> Kpi:
    if name not in BY_NAME:
        raise NoSuchKpi(f"There is no key figure {name}. There are: {', '.join(BY_NAME)}.")
    return BY_NAME[name]
