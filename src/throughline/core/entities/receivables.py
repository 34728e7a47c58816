"""What customers owe us, and what became of what we asked them to pay."""

from enum import StrEnum
from typing import ClassVar, Self

from pydantic import model_validator

from throughline.core.entities.base import Day, Entity, refuse_other_currencies
from throughline.core.entities.ids import BillingStatusId, CustomerId, OpportunityId, ProjectId, ReceivablesId
from throughline.core.money import Exact, Money


class CreditStatus(StrEnum):
    """Whether a customer may be given more credit."""

    GOOD = "good"
    WATCH = "watch"
    STOPPED = "stopped"


class Receivables(Entity, frozen=True):
    """What a customer owes us, or one of our legal entities, on a day, and how long it takes to pay."""

    kind: ClassVar[str] = "receivables"

    id: ReceivablesId
    customer: CustomerId
    legal_entity: str | None = None
    as_of: Day
    outstanding: Money
    overdue: Money | None = None
    days_sales_outstanding: Exact | None = None
    credit_status: CreditStatus | None = None
    # What is contracted and not billed, before tax.
    backlog: Money | None = None
    summary: str | None = None

    @model_validator(mode="after")
    def _in_one_currency(self) -> Self:
        refuse_other_currencies(self.outstanding.currency, [self.overdue, self.backlog])
        return self


class BillingStatus(Entity, frozen=True):
    """What became of the invoices of a contract, as sales reads it on the deal and delivery on the project."""

    kind: ClassVar[str] = "billing_status"

    id: BillingStatusId
    opportunity: OpportunityId | None = None
    project: ProjectId | None = None
    summary: str
    billed: Money
    credited: Money
    settled: Money
    open_amount: Money
    overdue: Money

    @model_validator(mode="after")
    def _in_one_currency(self) -> Self:
        amounts = (self.credited, self.settled, self.open_amount, self.overdue)
        refuse_other_currencies(self.billed.currency, amounts)
        return self
