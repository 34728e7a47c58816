"""Customers and the deals we make with them, from the first call to the signature."""

from enum import StrEnum
from typing import ClassVar

from throughline.core.entities.base import Day, Entity, Flag, Instant, Key, Spanning, Value
from throughline.core.entities.ids import (
    ContactId,
    ContractId,
    CustomerId,
    HandoffId,
    OpportunityId,
    QuoteId,
    StatementOfWorkId,
)
from throughline.core.entities.terms import (
    ApprovalState,
    BillingFrequency,
    BillingMethod,
    CommercialModel,
    RevenueTreatment,
    Unit,
)
from throughline.core.money import Currency, Exact, Money


class CustomerStatus(StrEnum):
    """Whether we may still do business with a customer."""

    PROSPECT = "prospect"
    ACTIVE = "active"
    BLOCKED = "blocked"
    INACTIVE = "inactive"


class Customer(Entity, frozen=True):
    """A company we sell to, deliver for and invoice; one with a parent belongs to a group."""

    kind: ClassVar[str] = "customer"

    id: CustomerId
    name: str
    parent: CustomerId | None = None
    status: CustomerStatus | None = None
    tax_id: str | None = None
    registered_for_tax: Flag | None = None
    country: str | None = None
    region: str | None = None
    street: str | None = None
    city: str | None = None
    postal_code: str | None = None
    website: str | None = None
    phone: str | None = None
    email: str | None = None
    billing_email: str | None = None
    currency: Currency | None = None
    payment_terms: str | None = None
    legal_entity: str | None = None
    segment: str | None = None
    credit_limit: Money | None = None


class Contact(Entity, frozen=True):
    """A person at a customer."""

    kind: ClassVar[str] = "contact"

    id: ContactId
    customer: CustomerId | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None
    title: str | None = None


class Stage(StrEnum):
    """How far a deal has come."""

    PROSPECTING = "prospecting"
    QUALIFICATION = "qualification"
    PROPOSAL = "proposal"
    NEGOTIATION = "negotiation"
    WON = "won"
    LOST = "lost"

    @property
    def closed(self) -> bool:
        return self in {Stage.WON, Stage.LOST}


class OpportunityLine(Value, frozen=True):
    """One thing being sold, as the salesperson entered it."""

    key: Key
    product: str | None = None
    description: str | None = None
    quantity: Exact | None = None
    unit_price: Money | None = None
    amount: Money | None = None
    role: str | None = None
    commercial_model: CommercialModel | None = None
    service_date: Day | None = None
    quote_line: str | None = None


class Opportunity(Entity, frozen=True):
    """A deal in the pipeline; once won it becomes a contract and a project.

    It is taken as the salesperson left it, gaps and contradictions included: the handoff judges it, not this class.
    """

    kind: ClassVar[str] = "opportunity"

    id: OpportunityId
    name: str
    customer: CustomerId | None = None
    stage: Stage
    amount: Money | None = None
    currency: Currency | None = None
    close_date: Day | None = None
    owner: str | None = None
    commercial_model: CommercialModel | None = None
    billing_method: BillingMethod | None = None
    billing_frequency: BillingFrequency | None = None
    project_manager: str | None = None
    legal_entity: str | None = None
    revenue_treatment: RevenueTreatment | None = None
    service_line: str | None = None
    starts: Day | None = None
    ends: Day | None = None
    purchase_order: str | None = None
    payment_terms: str | None = None
    probability: Exact | None = None
    # What the CRM calls the contract that this deal changes, or continues: such a deal starts no project of its own.
    amended_contract: str | None = None
    renewed_contract: str | None = None
    lines: tuple[OpportunityLine, ...] = ()


class Handoff(Entity, frozen=True):
    """What we report back onto the opportunity: what is done, what waits, and where the rest now lives."""

    kind: ClassVar[str] = "handoff"

    id: HandoffId
    opportunity: OpportunityId
    gate: str | None = None
    finance: str | None = None
    delivery: str | None = None
    customer_key: str | None = None
    contract_key: str | None = None
    project_key: str | None = None
    progress: str | None = None
    change: str | None = None
    contract_value: Money | None = None
    at: Instant | None = None


class QuoteLine(Value, frozen=True):
    """One thing offered, with its price."""

    key: Key
    product: str | None = None
    description: str | None = None
    quantity: Exact | None = None
    unit: Unit | None = None
    list_price: Money | None = None
    unit_price: Money | None = None
    amount: Money | None = None
    role: str | None = None
    commercial_model: CommercialModel | None = None


class QuoteState(StrEnum):
    """Where an offer stands."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    PRESENTED = "presented"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    EXPIRED = "expired"


class Quote(Entity, frozen=True):
    """A priced offer for an opportunity; the primary one is what the customer signs."""

    kind: ClassVar[str] = "quote"

    id: QuoteId
    name: str
    opportunity: OpportunityId | None = None
    number: str | None = None
    version: str | None = None
    state: QuoteState | None = None
    primary: Flag | None = None
    currency: Currency | None = None
    total: Money | None = None
    discount: Money | None = None
    valid_until: Day | None = None
    lines: tuple[QuoteLine, ...] = ()


class StatementOfWork(Spanning, Entity, frozen=True):
    """What we promised to do, in the words that were signed."""

    kind: ClassVar[str] = "statement_of_work"

    id: StatementOfWorkId
    title: str
    opportunity: OpportunityId | None = None
    quote: QuoteId | None = None
    contract: ContractId | None = None
    scope: str | None = None
    document: str | None = None
    state: ApprovalState | None = None
    signed_on: Day | None = None
    signed_by: str | None = None
