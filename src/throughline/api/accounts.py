"""Accounts over HTTP: what a customer owes, how late it is, how long it takes to pay, and what is still to bill."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Self

from fastapi import APIRouter, Path
from pydantic import Field

from throughline.api.asking import TheMachine
from throughline.api.problems import Wrong
from throughline.api.shapes import Shape
from throughline.core.accounts import ContractStands
from throughline.core.accounts import Position as Stands
from throughline.core.money import Money
from throughline.core.receivables import Standing as Sums
from throughline.core.rights import Right, needs
from throughline.hub import accounts

router = APIRouter(tags=["experience"])


class Standing(Shape):
    """Debts are with tax; what is settled was paid, credited or written off."""

    billed: Money
    credited: Money
    settled: Money
    open_amount: Money
    overdue: Money

    @classmethod
    def of(cls, said: Sums) -> Self:
        return cls.model_validate({name: getattr(said, name) for name in cls.model_fields})


class Position(Shape):
    """What one currency comes to; nothing is converted."""

    currency: str = Field(examples=["GBP"])
    stands: Standing
    backlog: Money = Field(description="What is contracted and not billed, before tax.")
    days_sales_outstanding: Decimal | None = Field(
        description="What is open, in days of the last 90 days' sales; null when nothing was billed in them."
    )

    @classmethod
    def of(cls, said: Stands) -> Self:
        return cls(
            currency=said.currency,
            stands=Standing.of(said.stands),
            backlog=said.backlog,
            days_sales_outstanding=said.days_sales_outstanding,
        )


class Contract(Shape):
    """How one contract stands."""

    id: str = Field(examples=["contract-of-opportunity-2gdaaf5qhnrz"])
    name: str
    value: Money
    stands: Standing
    backlog: Money
    unbilled: Money | None = Field(
        description="Approved work and due instalments on no invoice that is out, before tax; null when some of the"
        " work has no rate, so that nobody can say."
    )
    summary: str = Field(examples=["open 1,200.00 GBP; INV1001 sent"])

    @classmethod
    def of(cls, said: ContractStands) -> Self:
        whose = said.contract
        return cls(
            id=whose.id,
            name=whose.name,
            value=whose.value,
            stands=Standing.of(said.stands),
            backlog=said.backlog,
            unbilled=said.unbilled,
            summary=said.summary,
        )


class Account(Shape):
    """A customer, as finance sees it."""

    id: str = Field(examples=["customer-2gdaaf5qhnrz"])
    name: str
    as_of: date
    positions: list[Position]
    contracts: list[Contract]
    unknown: str | None = Field(description="Why the figures cannot be told, when they cannot.")


@router.get("/accounts/{any_id}")
@needs(Right.READ)
async def get_account(machine: TheMachine, any_id: Annotated[str, Path(examples=["001Hs00000KIlhnIAD"])]) -> Account:
    """How the customer behind any id stands now, ours or any system's."""
    try:
        found = await accounts.one(machine, any_id)
    except accounts.NoSuchAccount as error:
        raise Wrong("not_found", str(error)) from error
    except accounts.SeveralAccounts as error:
        raise Wrong("several_choices", str(error), choices=error.ids) from error
    return Account(
        id=found.id,
        name=found.name,
        as_of=found.as_of,
        positions=[Position.of(each) for each in found.positions],
        contracts=[Contract.of(each) for each in found.contracts],
        unknown=found.unknown,
    )
