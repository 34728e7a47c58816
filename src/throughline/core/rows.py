"""The tables every firm has: one class per file in `tables/`, one field per column."""

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from throughline.core.entities.base import Day
from throughline.core.entities.terms import CommercialModel
from throughline.core.money import Currency, Exact
from throughline.core.tables import Row, When

Text = Annotated[str, StringConstraints(min_length=1)]
Condition = Annotated[Text | None, When()]
Count = Annotated[int, Field(ge=0)]
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
)
