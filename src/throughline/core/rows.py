"""The tables every firm has: one class per file in `tables/`, one field per column."""

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from throughline.core.entities.base import Day
from throughline.core.entities.billing import BillingSource
from throughline.core.entities.terms import CommercialModel, Unit
from throughline.core.money import Currency, Exact
from throughline.core.tables import Row, When

Text = Annotated[str, StringConstraints(min_length=1)]
Condition = Annotated[Text | None, When()]
Count = Annotated[int, Field(ge=0)]
_COMBINED = "(project|person|task|role|day)"
Channel = Annotated[str, Field(pattern=r"^#[a-z0-9_-]+$", description="a channel such as #delivery-us")]


class TaxCodeRow(Row):
    """Which tax code an invoice line gets."""

    table: ClassVar[str] = "tax_codes"

    legal_entity: Condition = None
    customer_country: Condition = None
    registered: Annotated[Literal["yes", "no"] | None, When()] = None
    tax_code: Text
    description: str = ""


class SubsidiaryRow(Row):
    """A legal entity, as the ERP knows it."""

    table: ClassVar[str] = "subsidiaries"

    legal_entity: Condition = None
    erp_id: Text


class CurrencyRow(Row):
    """A currency, as the ERP knows it."""

    table: ClassVar[str] = "currencies"

    currency: Annotated[Currency | None, When()] = None
    erp_id: Text


class PaymentTermsRow(Row):
    """When an invoice is due, as the ERP knows it."""

    table: ClassVar[str] = "payment_terms"

    terms: Condition = None
    erp_id: Text


class TaxItemRow(Row):
    """A tax code, as the ERP knows it."""

    table: ClassVar[str] = "tax_items"

    tax_code: Condition = None
    erp_id: Text


class ServiceItemRow(Row):
    """What is written on the contract and the invoice for a kind of work."""

    table: ClassVar[str] = "service_items"

    commercial_model: Annotated[CommercialModel | None, When()] = None
    service_line: Condition = None
    item: Text
    erp_id: Text
    # What one of it is counted in; only what is billed by its quantity needs it.
    unit: Unit | None = None


class CostCentreRow(Row):
    """Who carries the cost and earns the revenue."""

    table: ClassVar[str] = "cost_centres"

    legal_entity: Condition = None
    service_line: Condition = None
    cost_centre: Text
    erp_id: Text


class ProjectTemplateRow(Row):
    """What a new project starts from: its plan, its prices, and where its team talks."""

    table: ClassVar[str] = "project_templates"

    service_line: Condition = None
    commercial_model: Annotated[CommercialModel | None, When()] = None
    legal_entity: Condition = None
    template: Text
    rate_card: Text
    channel: Channel


class TaskKind(StrEnum):
    """What a line of a plan is: work, a moment that may be billed, or a heading over both."""

    TASK = "task"
    MILESTONE = "milestone"
    PHASE = "phase"


class TemplateTaskRow(Row):
    """One line of a template's plan. A template is the list of its rows: `find(template=...)`, in order."""

    table: ClassVar[str] = "template_tasks"

    template: Text
    position: Annotated[int, Field(ge=1)]
    title: Text
    kind: TaskKind = TaskKind.TASK
    parent_position: Annotated[int, Field(ge=1)] | None = None
    start_day: Count
    days: Count
    role: Text | None = None
    share_percent: Annotated[Exact, Field(gt=0, le=100)] | None = None
    billable: Literal["yes", "no"]


class RateRow(Row):
    """What an hour of a role costs the customer, from a day on."""

    table: ClassVar[str] = "rate_cards"

    rate_card: Condition = None
    role: Condition = None
    person: Condition = None
    region: Condition = None
    currency: Annotated[Currency | None, When()] = None
    effective_from: Day | None = None
    hourly_rate: Annotated[Exact, Field(gt=0)]

    @property
    def since(self) -> date | None:
        return self.effective_from


class RoleRow(Row):
    """A role, as the PSA knows it."""

    table: ClassVar[str] = "roles"

    role: Condition = None
    psa_role: Text


class BillingRuleRow(Row):
    """How what is charged becomes lines of an invoice, and what is added to it; nothing said is nothing known."""

    table: ClassVar[str] = "billing_rules"

    legal_entity: Condition = None
    commercial_model: Annotated[CommercialModel | None, When()] = None
    customer: Condition = None
    contract: Condition = None
    combine_by: Annotated[
        str, Field(pattern=rf"^{_COMBINED}( {_COMBINED})*$", description="project, person, task, role and day, or some")
    ]
    round_at: Literal["item", "line"]
    rounding: Literal["half_up", "half_even"]
    overtime_percent: Annotated[Exact, Field(gt=0)] | None = None
    expense_markup_percent: Annotated[Exact, Field(ge=0)] | None = None
    subcontract_markup_percent: Annotated[Exact, Field(ge=0)] | None = None
    retainer_unused: Literal["carry", "expire"] | None = None


class WriteDownRow(Row):
    """What is taken off a price, from a day on; without a row nothing is."""

    table: ClassVar[str] = "write_downs"

    contract: Condition = None
    project: Condition = None
    role: Condition = None
    person: Condition = None
    effective_from: Day | None = None
    percent: Annotated[Exact, Field(ge=0, le=100)]

    @property
    def since(self) -> date | None:
        return self.effective_from


class LedgerAccountRow(Row):
    """Which accounts a charge lands in."""

    table: ClassVar[str] = "ledger_accounts"

    legal_entity: Condition = None
    commercial_model: Annotated[CommercialModel | None, When()] = None
    source: Annotated[BillingSource | None, When()] = None
    account: Text
    deferred_account: Text | None = None


class LateApprovalRow(Row):
    """What becomes of work that is approved after its period was closed."""

    table: ClassVar[str] = "late_approvals"

    legal_entity: Condition = None
    source: Annotated[BillingSource | None, When()] = None
    late: Literal["next_period", "reopen", "hold"]


class IntercompanyRow(Row):
    """What one of our companies adds to its cost when it lends people to another."""

    table: ClassVar[str] = "intercompany_rules"

    provider: Condition = None
    receiver: Condition = None
    markup_percent: Annotated[Exact, Field(ge=0)]
    tax_code: Text


class LabourCostRow(Row):
    """What an hour of somebody costs the company they work for, from a day on, in the currency of its books."""

    table: ClassVar[str] = "labour_costs"

    legal_entity: Condition = None
    role: Condition = None
    person: Condition = None
    currency: Annotated[Currency | None, When()] = None
    effective_from: Day | None = None
    hourly_cost: Annotated[Exact, Field(gt=0)]

    @property
    def since(self) -> date | None:
        return self.effective_from


class FxRuleRow(Row):
    """Whose rate is taken, and of which day; `oldest_days` is how far back one may look when that day has none."""

    table: ClassVar[str] = "fx_rules"

    legal_entity: Condition = None
    purpose: Annotated[Literal["intercompany", "expense"] | None, When()] = None
    provider: Text
    rate_day: Literal["work_day", "period_end", "billing_day"]
    oldest_days: Count


KNOWN: tuple[type[Row], ...] = (
    TaxCodeRow,
    SubsidiaryRow,
    CurrencyRow,
    PaymentTermsRow,
    TaxItemRow,
    ServiceItemRow,
    CostCentreRow,
    ProjectTemplateRow,
    TemplateTaskRow,
    RateRow,
    RoleRow,
    BillingRuleRow,
    WriteDownRow,
    LedgerAccountRow,
    LateApprovalRow,
    IntercompanyRow,
    LabourCostRow,
    FxRuleRow,
)
