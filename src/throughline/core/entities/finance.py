"""The books: our companies, their taxes, periods and accounts, and when money becomes revenue."""

from enum import StrEnum
from typing import ClassVar, Self

from pydantic import Field, model_validator

from throughline.core.entities.base import (
    Day,
    Entity,
    Flag,
    Instant,
    Key,
    Lasting,
    Spanning,
    Value,
    refuse_other_currencies,
)
from throughline.core.entities.ids import (
    ContractId,
    CostCentreId,
    CustomerId,
    FiscalPeriodId,
    FxRateId,
    IntercompanyChargeId,
    InvoiceId,
    JournalReferenceId,
    LedgerAccountId,
    LegalEntityId,
    ProjectId,
    RevenueForecastId,
    RevenueScheduleId,
    TaxCodeId,
    TaxProfileId,
)
from throughline.core.entities.terms import RevenueTreatment
from throughline.core.money import Currency, Exact, Money


class LegalEntity(Entity, frozen=True):
    """One of our own companies: it contracts, invoices and keeps books in its currency."""

    kind: ClassVar[str] = "legal_entity"

    id: LegalEntityId
    code: str
    name: str
    parent: LegalEntityId | None = None
    currency: Currency
    country: str
    tax_id: str | None = None
    erp: str | None = None
    erp_key: str | None = None
    active: Flag | None = None


class TaxTreatment(StrEnum):
    """Why a tax code charges what it charges."""

    STANDARD = "standard"
    REDUCED = "reduced"
    ZERO = "zero"
    EXEMPT = "exempt"
    REVERSE_CHARGE = "reverse_charge"
    EXPORT = "export"
    OUT_OF_SCOPE = "out_of_scope"


class TaxCode(Spanning, Entity, frozen=True):
    """How a supply from one of our companies into a place is taxed."""

    kind: ClassVar[str] = "tax_code"

    id: TaxCodeId
    code: str
    name: str | None = None
    legal_entity: str | None = None
    country: str | None = None
    region: str | None = None
    rate_percent: Exact
    treatment: TaxTreatment | None = None
    active: Flag | None = None


class TaxProfile(Spanning, Entity, frozen=True):
    """How a customer is taxed by one of our companies."""

    kind: ClassVar[str] = "tax_profile"

    id: TaxProfileId
    customer: CustomerId
    legal_entity: str
    country: str
    region: str | None = None
    tax_id: str | None = None
    registered: Flag | None = None
    exempt: Flag | None = None
    certificate: str | None = None
    tax_code: str | None = None


class CostCentre(Entity, frozen=True):
    """A part of the firm that costs and revenue are counted in."""

    kind: ClassVar[str] = "cost_centre"

    id: CostCentreId
    code: str
    name: str
    parent: CostCentreId | None = None
    legal_entity: str | None = None
    service_line: str | None = None
    manager: str | None = None
    active: Flag | None = None


class PeriodState(StrEnum):
    """Whether the books still take entries."""

    FUTURE = "future"
    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"


class FiscalPeriod(Lasting, Entity, frozen=True):
    """A span of days the books are closed for together."""

    kind: ClassVar[str] = "fiscal_period"

    id: FiscalPeriodId
    name: str
    legal_entity: str
    state: PeriodState
    closed_at: Instant | None = None


class LedgerAccountKind(StrEnum):
    """Which part of the books an account belongs to."""

    ASSET = "asset"
    LIABILITY = "liability"
    EQUITY = "equity"
    REVENUE = "revenue"
    EXPENSE = "expense"


class LedgerAccount(Entity, frozen=True):
    """A line of the chart of accounts."""

    kind: ClassVar[str] = "ledger_account"

    id: LedgerAccountId
    number: str
    name: str
    account_kind: LedgerAccountKind | None = None
    legal_entity: str | None = None
    active: Flag | None = None


class RevenueLine(Value, frozen=True):
    """What becomes revenue in one period."""

    period: Key
    contract_line: str | None = None
    amount: Money
    recognised: Flag
    journal: JournalReferenceId | None = None


class RevenueSchedule(Spanning, Entity, frozen=True):
    """When a contract's value becomes revenue, or that of one of its lines; what is not recognised yet is deferred."""

    kind: ClassVar[str] = "revenue_schedule"

    id: RevenueScheduleId
    contract: ContractId
    contract_line: str | None = None
    project: ProjectId | None = None
    treatment: RevenueTreatment
    currency: Currency
    total: Money
    lines: tuple[RevenueLine, ...] = ()

    @model_validator(mode="after")
    def _in_one_currency(self) -> Self:
        refuse_other_currencies(self.currency, [self.total, *(line.amount for line in self.lines)])
        return self


class RevenueForecast(Entity, frozen=True):
    """What we expect to earn on a project in a period, as believed on a day."""

    kind: ClassVar[str] = "revenue_forecast"

    id: RevenueForecastId
    project: ProjectId
    period: str
    as_of: Day
    revenue: Money
    cost: Money | None = None
    backlog: Money | None = None


class JournalReference(Entity, frozen=True):
    """An entry in the books that one of our facts caused."""

    kind: ClassVar[str] = "journal_reference"

    id: JournalReferenceId
    legal_entity: str
    journal: str
    period: str
    posted_on: Day
    about: str
    account: str | None = None
    cost_centre: str | None = None
    debit: Money | None = None
    credit: Money | None = None
    reverses: JournalReferenceId | None = None


class IntercompanyCharge(Entity, frozen=True):
    """What one of our companies charges another for people or work lent."""

    kind: ClassVar[str] = "intercompany_charge"

    id: IntercompanyChargeId
    provider: str
    receiver: str
    project: ProjectId | None = None
    period: str
    hours: Exact | None = None
    amount: Money
    markup_percent: Exact | None = None
    # In the receiver's currency, at this rate of this day: kept beside the amount, never instead of it.
    receiver_amount: Money | None = None
    fx_rate: Exact | None = None
    fx_day: Day | None = None
    tax_code: str | None = None
    invoice: InvoiceId | None = None
    journal: JournalReferenceId | None = None

    @model_validator(mode="after")
    def _between_two_companies(self) -> Self:
        if self.provider == self.receiver:
            raise ValueError(f"{self.provider} cannot charge itself: name the company that receives the work")
        return self


class FxRate(Entity, frozen=True):
    """What one unit of a currency is worth in another on a day."""

    kind: ClassVar[str] = "fx_rate"

    id: FxRateId
    source: Currency
    target: Currency
    day: Day
    rate: Exact = Field(gt=0)
    provider: str | None = None
