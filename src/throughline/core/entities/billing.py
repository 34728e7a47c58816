"""What may be charged, what was charged, and what was paid."""

from enum import StrEnum
from typing import Annotated, ClassVar, Self

from pydantic import model_validator

from throughline.core.entities.base import Day, Entity, Flag, Instant, Key, Spanning, Value, refuse_other_currencies
from throughline.core.entities.ids import (
    BilledWorkId,
    BillingItemId,
    BillingPlanId,
    ContractId,
    CreditMemoId,
    CustomerId,
    ExpenseId,
    InvoiceId,
    PaymentId,
    ProjectId,
    TaskId,
    TimeEntryId,
    WriteOffId,
)
from throughline.core.entities.sensitive import Sensitive
from throughline.core.entities.terms import Approval, CommercialModel, RevenueTreatment, Unit
from throughline.core.money import Currency, Exact, Money


class BillingSource(StrEnum):
    """What gave rise to a charge."""

    TIME = "time"
    EXPENSE = "expense"
    MILESTONE = "milestone"
    INSTALMENT = "instalment"
    USAGE = "usage"
    ADJUSTMENT = "adjustment"


class BillingItemState(StrEnum):
    """How near to an invoice a charge is."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    INVOICED = "invoiced"
    WITHHELD = "withheld"
    WRITTEN_OFF = "written_off"


class LedgerCoding(Value, frozen=True):
    """Where a charge lands in the books."""

    account: str | None = None
    deferred_account: str | None = None
    cost_centre: str | None = None
    item: str | None = None


class BillingItem(Entity, frozen=True):
    """One charge ready to be judged: where it comes from, who approved it, its tax and its place in the books."""

    kind: ClassVar[str] = "billing_item"

    id: BillingItemId
    customer: CustomerId
    contract: ContractId | None = None
    contract_line: str | None = None
    project: ProjectId | None = None
    billing_plan: BillingPlanId | None = None
    legal_entity: str | None = None
    source: BillingSource
    source_reference: str
    period: str | None = None
    day: Day
    description: str | None = None
    role: str | None = None
    person: str | None = None
    task: TaskId | None = None
    quantity: Exact
    unit: Unit | None = None
    unit_price: Annotated[Money, Sensitive()]
    amount: Money
    # What was spent, where that was in another currency, and the rate and day it was converted at.
    spent: Money | None = None
    fx_rate: Exact | None = None
    fx_day: Day | None = None
    tax_code: str | None = None
    commercial_model: CommercialModel | None = None
    revenue_treatment: RevenueTreatment | None = None
    ledger: LedgerCoding | None = None
    state: BillingItemState
    approval: Approval | None = None
    invoice: InvoiceId | None = None
    withheld_because: str | None = None

    @model_validator(mode="after")
    def _in_one_currency(self) -> Self:
        refuse_other_currencies(self.amount.currency, [self.unit_price])
        return self


class InvoiceLine(Spanning, frozen=True):
    """One line the customer reads on an invoice or a credit memo."""

    key: Key
    description: str | None = None
    quantity: Exact
    unit: Unit | None = None
    unit_price: Annotated[Money, Sensitive()]
    amount: Money
    tax_code: str | None = None
    tax: Money | None = None
    item: str | None = None
    cost_centre: str | None = None
    contract_line: str | None = None
    covers: tuple[BillingItemId, ...] = ()


class InvoiceState(StrEnum):
    """Where an invoice stands."""

    DRAFT = "draft"
    APPROVED = "approved"
    POSTED = "posted"
    SENT = "sent"
    PARTLY_PAID = "partly_paid"
    PAID = "paid"
    DISPUTED = "disputed"
    VOID = "void"


class Invoice(Spanning, Entity, frozen=True):
    """What we ask a customer to pay, and for which work."""

    kind: ClassVar[str] = "invoice"

    id: InvoiceId
    number: str | None = None
    customer: CustomerId
    contract: ContractId | None = None
    project: ProjectId | None = None
    legal_entity: str | None = None
    currency: Currency
    # The ledger's to say: of one it has not spoken of yet, nothing is known.
    state: InvoiceState | None = None
    period: str | None = None
    issued_on: Day | None = None
    due_on: Day | None = None
    purchase_order: str | None = None
    payment_terms: str | None = None
    net: Money | None = None
    tax: Money | None = None
    total: Money | None = None
    open_amount: Money | None = None
    posted_at: Instant | None = None
    memo: str | None = None
    lines: tuple[InvoiceLine, ...] = ()

    @model_validator(mode="after")
    def _in_one_currency(self) -> Self:
        amounts = (amount for line in self.lines for amount in (line.unit_price, line.amount, line.tax))
        refuse_other_currencies(self.currency, [self.net, self.tax, self.total, self.open_amount, *amounts])
        return self


class BilledWork(Entity, frozen=True):
    """Which lines of delivery's an invoice that is out charges: nobody may change them unseen any more."""

    kind: ClassVar[str] = "billed_work"

    id: BilledWorkId
    project: ProjectId
    invoice: InvoiceId
    number: str | None = None
    issued_on: Day | None = None
    time_entries: tuple[TimeEntryId, ...] = ()
    expenses: tuple[ExpenseId, ...] = ()
    # The invoice is void: its lines are free again.
    void: Flag | None = None


class CreditMemo(Entity, frozen=True):
    """What we take back of an invoice."""

    kind: ClassVar[str] = "credit_memo"

    id: CreditMemoId
    number: str | None = None
    customer: CustomerId
    invoice: InvoiceId | None = None
    legal_entity: str | None = None
    currency: Currency
    issued_on: Day | None = None
    reason: str | None = None
    total: Money
    tax: Money | None = None
    approval: Approval | None = None
    lines: tuple[InvoiceLine, ...] = ()

    @model_validator(mode="after")
    def _in_one_currency(self) -> Self:
        amounts = (amount for line in self.lines for amount in (line.unit_price, line.amount, line.tax))
        refuse_other_currencies(self.currency, [self.total, self.tax, *amounts])
        return self


class WriteOff(Entity, frozen=True):
    """An amount we will not charge, or not collect, and who decided so."""

    kind: ClassVar[str] = "write_off"

    id: WriteOffId
    customer: CustomerId | None = None
    project: ProjectId | None = None
    invoice: InvoiceId | None = None
    billing_item: BillingItemId | None = None
    amount: Money
    day: Day
    reason: str | None = None
    approval: Approval | None = None


class PaymentApplication(Value, frozen=True):
    """The part of a payment that settles one invoice."""

    invoice: InvoiceId
    amount: Money


class Payment(Entity, frozen=True):
    """Money received from a customer, and the invoices it settles."""

    kind: ClassVar[str] = "payment"

    id: PaymentId
    number: str | None = None
    customer: CustomerId
    legal_entity: str | None = None
    received_on: Day
    amount: Money
    unapplied: Money | None = None
    method: str | None = None
    reference: str | None = None
    applications: tuple[PaymentApplication, ...] = ()

    @model_validator(mode="after")
    def _in_one_currency(self) -> Self:
        amounts = (application.amount for application in self.applications)
        refuse_other_currencies(self.amount.currency, [self.unapplied, *amounts])
        return self
