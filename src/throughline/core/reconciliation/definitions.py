"""Every comparison there is, as data: which sides, which fields, how far off, after how long, and whose it is."""

from datetime import timedelta
from decimal import Decimal

from throughline.core.reconciliation.breaks import Comparison, Field, Sort
from throughline.core.reconciliation.sides import Counts, Holds, Measure, Says
from throughline.core.roles import Role

CENT = Decimal("0.01")
# The PSA keeps a project's price in whole units.
WHOLE = Decimal(1)
# Longer than the slowest poll and a few passes: what is younger may be under way.
UNDER_WAY = timedelta(minutes=15)
OPENING = timedelta(minutes=60)
# After the cut-off of a month, with room for holidays.
BILLING = timedelta(days=3)

# A customer's currency and legal entity are each system's own: see `core/customers.py`.
CUSTOMER = (
    Field("name", Sort.STALE),
    Field("tax_id", Sort.STALE),
    Field("country", Sort.STALE),
)
TERMS = (
    Field("name", Sort.STALE),
    Field("currency", Sort.CURRENCY),
    Field("starts", Sort.PERIOD),
    Field("ends", Sort.PERIOD),
)
LINES = (
    Field("amount", Sort.AMOUNT, CENT, "lines.*.amount.amount"),
    Field("unit prices", Sort.RATE, path="lines.*.unit_price.amount"),
)
MONEY = (Field("amount", Sort.AMOUNT, CENT), Field("currency", Sort.CURRENCY))
BUDGET = (Field("amount", Sort.AMOUNT, WHOLE), Field("currency", Sort.CURRENCY))
ENGAGED = ("contract", "customer")

BETWEEN_SYSTEMS = (
    Comparison(
        name="customer-crm", title="Customers in the CRM", domain="customer", part="customer", within=UNDER_WAY,
        left=Holds("customer", "name", ENGAGED), right=Says("customer", Role.CRM), fields=CUSTOMER, orphans=False,
    ),
    Comparison(
        name="customer-erp", title="Customers in the ERP", domain="customer", part="finance", within=UNDER_WAY,
        left=Holds("customer", "name", ENGAGED), right=Says("customer", Role.ERP), fields=CUSTOMER, orphans=False,
    ),
    Comparison(
        name="contract-erp", title="Contracts in the ERP", domain="contract", part="finance", within=UNDER_WAY,
        left=Holds("contract", "customer"), right=Says("contract", Role.ERP), fields=(*TERMS, *LINES),
        money="amount", currency="currency",
    ),
    Comparison(
        name="project-psa", title="Projects in the PSA", domain="project", part="delivery", within=UNDER_WAY,
        left=Holds("project", "name"), right=Says("project", Role.PSA),
        fields=(*TERMS, Field("amount", Sort.AMOUNT, WHOLE, "budget.amount")), money="amount", currency="currency",
    ),
    Comparison(
        name="resource-psa", title="People in the PSA", domain="resource", part="delivery", within=UNDER_WAY,
        left=Holds("resource", "name"), right=Says("resource", Role.PSA), orphans=False,
        fields=(Field("name", Sort.STALE), Field("role", Sort.STALE), Field("active", Sort.STALE)),
    ),
    Comparison(
        name="invoice-erp", title="Invoices in the ERP", domain="billing", part="finance", within=UNDER_WAY,
        left=Holds("invoice", "customer"), right=Says("invoice", Role.ERP),
        fields=(*(field for field in TERMS if field.name != "name"), *LINES), money="amount", currency="currency",
    ),
)  # fmt: skip
FROM_DEAL_TO_BOOKS = (
    Comparison(
        name="sold-contracted", title="Sold and contracted", domain="money", part="finance", within=OPENING,
        sla="project_open", left=Counts(Measure.SOLD), right=Counts(Measure.CONTRACTED), fields=MONEY,
        money="amount", currency="currency", orphans=False,
    ),
    Comparison(
        name="sold-planned", title="Sold and planned", domain="money", part="delivery", within=OPENING,
        sla="project_open", left=Counts(Measure.SOLD), right=Counts(Measure.PLANNED), fields=BUDGET,
        money="amount", currency="currency", orphans=False,
    ),
    Comparison(
        name="worked-billed", title="Worked and billed, line by line", domain="money", part="finance", within=BILLING,
        left=Counts(Measure.WORKED), right=Counts(Measure.BILLED), fields=MONEY, money="amount", currency="currency",
    ),
    Comparison(
        name="settled-paid", title="Settled and paid", domain="money", part="finance", within=UNDER_WAY,
        left=Counts(Measure.SETTLED), right=Counts(Measure.PAID), fields=MONEY, money="amount", currency="currency",
    ),
    Comparison(
        name="invoiced-recognised", title="Invoiced and recognised", domain="money", part="finance", within=UNDER_WAY,
        left=Counts(Measure.INVOICED), right=Counts(Measure.RECOGNISED), fields=MONEY,
        money="amount", currency="currency",
    ),
)  # fmt: skip
COMPARISONS = (*BETWEEN_SYSTEMS, *FROM_DEAL_TO_BOOKS)


class NoSuchComparison(LookupError):
    """A name that is no comparison of ours."""


def comparison(name: str) -> Comparison:
    found = next((each for each in COMPARISONS if each.name == name), None)
    if found is None:
        names = ", ".join(each.name for each in COMPARISONS)
        raise NoSuchComparison(f"There is no comparison {name}; there are: {names}.")
    return found
