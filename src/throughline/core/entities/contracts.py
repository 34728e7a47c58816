"""What was agreed: the contract, its lines, when it is billed and at what rates."""

from enum import StrEnum
from typing import Annotated, ClassVar, Self

from pydantic import model_validator

from throughline.core.entities.base import (
    Day,
    Entity,
    Flag,
    Key,
    Spanning,
    Value,
    refuse_backwards,
    refuse_other_currencies,
)
from throughline.core.entities.changes import Version
from throughline.core.entities.ids import (
    AmendmentId,
    BillingMilestoneId,
    BillingPlanId,
    ChangeOrderId,
    ContractId,
    CustomerId,
    MilestoneId,
    OpportunityId,
    ProjectId,
    RateCardId,
    ServiceItemId,
)
from throughline.core.entities.sensitive import Sensitive
from throughline.core.entities.terms import (
    ApprovalState,
    BillingFrequency,
    BillingMethod,
    CommercialModel,
    RevenueTreatment,
    Unit,
)
from throughline.core.money import Currency, Exact, Money


class ContractLine(Spanning, frozen=True):
    """One promise in a contract, sold in one way."""

    key: Key
    product: str | None = None
    description: str | None = None
    commercial_model: CommercialModel
    quantity: Exact
    unit: Unit | None = None
    unit_price: Money
    amount: Money
    role: str | None = None
    item: str | None = None
    tax_code: str | None = None
    cost_centre: str | None = None
    quote_line: str | None = None

    @model_validator(mode="after")
    def _in_one_currency(self) -> Self:
        refuse_other_currencies(self.amount.currency, [self.unit_price])
        return self


class ContractState(StrEnum):
    """Whether a contract binds us."""

    DRAFT = "draft"
    ACTIVE = "active"
    PAUSED = "paused"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class Contract(Entity, frozen=True):
    """What a customer and one of our legal entities agreed, in one currency."""

    kind: ClassVar[str] = "contract"

    id: ContractId
    name: str
    customer: CustomerId
    opportunity: OpportunityId | None = None
    renews: ContractId | None = None
    legal_entity: str
    currency: Currency
    commercial_model: CommercialModel
    billing_method: BillingMethod
    revenue_treatment: RevenueTreatment
    state: ContractState | None = None
    starts: Day
    ends: Day | None = None
    value: Money
    not_to_exceed: Money | None = None
    purchase_order: str | None = None
    payment_terms: str | None = None
    billing_plan: BillingPlanId | None = None
    cost_centre: str | None = None
    lines: tuple[ContractLine, ...] = ()
    versions: tuple[Version, ...] = ()

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        refuse_backwards(self.starts, self.ends)
        return self

    @model_validator(mode="after")
    def _in_one_currency(self) -> Self:
        amounts = (line.amount for line in self.lines)
        refuse_other_currencies(self.currency, [self.value, self.not_to_exceed, *amounts])
        return self


class Amendment(Entity, frozen=True):
    """A signed change of a contract."""

    kind: ClassVar[str] = "amendment"

    id: AmendmentId
    contract: ContractId
    number: str | None = None
    change_order: ChangeOrderId | None = None
    state: ApprovalState
    effective_from: Day
    value_delta: Money | None = None
    new_end: Day | None = None
    approved_by: str | None = None


class BillingPlanKind(StrEnum):
    """What drives the plan."""

    SCHEDULE = "schedule"
    MILESTONE = "milestone"
    TIME_AND_MATERIALS = "time_and_materials"
    USAGE = "usage"


class BillingInstalment(Value, frozen=True):
    """One amount that falls due on a day, or when a milestone is reached."""

    key: Key
    name: str
    due: Day
    amount: Money
    milestone: str | None = None


class BillingPlan(Entity, frozen=True):
    """When a contract is billed, and how much each time."""

    kind: ClassVar[str] = "billing_plan"

    id: BillingPlanId
    contract: ContractId
    name: str
    # Not `kind`: that is what every entity calls itself.
    plan_kind: BillingPlanKind
    frequency: BillingFrequency | None = None
    currency: Currency
    total: Money | None = None
    instalments: tuple[BillingInstalment, ...] = ()
    versions: tuple[Version, ...] = ()

    @model_validator(mode="after")
    def _in_one_currency(self) -> Self:
        amounts = (instalment.amount for instalment in self.instalments)
        refuse_other_currencies(self.currency, [self.total, *amounts])
        return self


class BillingMilestone(Entity, frozen=True):
    """An amount that becomes billable when something is delivered and accepted."""

    kind: ClassVar[str] = "billing_milestone"

    id: BillingMilestoneId
    name: str
    contract: ContractId | None = None
    project: ProjectId | None = None
    milestone: MilestoneId | None = None
    due: Day | None = None
    amount: Money
    completed: Flag | None = None
    accepted_on: Day | None = None
    accepted_by: str | None = None
    invoiced: Flag | None = None


class RateCardLine(Value, frozen=True):
    """What an hour or a day of a role costs the customer, from one day to another."""

    role: str
    region: str | None = None
    unit: Unit
    rate: Annotated[Money, Sensitive()]
    effective_from: Day
    effective_to: Day | None = None
    person: str | None = None

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        refuse_backwards(self.effective_from, self.effective_to)
        return self


class RateCard(Entity, frozen=True):
    """The rates that hold for a customer, a contract or the whole firm."""

    kind: ClassVar[str] = "rate_card"

    id: RateCardId
    name: str
    currency: Currency
    customer: CustomerId | None = None
    contract: ContractId | None = None
    legal_entity: str | None = None
    active: Flag | None = None
    lines: tuple[RateCardLine, ...] = ()

    @model_validator(mode="after")
    def _in_one_currency(self) -> Self:
        refuse_other_currencies(self.currency, [line.rate for line in self.lines])
        return self


class ServiceItem(Entity, frozen=True):
    """A service we sell, as the ledger knows it."""

    kind: ClassVar[str] = "service_item"

    id: ServiceItemId
    code: str
    name: str
    commercial_model: CommercialModel | None = None
    unit: Unit | None = None
    list_price: Money | None = None
    revenue_account: str | None = None
    tax_code: str | None = None
    active: Flag | None = None
