"""For portals: engagement status, invoice status and promises. Few fields, read only, and they stay as they are."""

from datetime import date, datetime
from typing import Literal

from fastapi import APIRouter
from pydantic import Field

from throughline.api.asking import TheMachine
from throughline.api.engagements import only_one
from throughline.api.shapes import Shape
from throughline.core.money import Money
from throughline.core.rights import Right, needs
from throughline.hub import portal

router = APIRouter(prefix="/portal", tags=["experience"])


class WaitingFor(Shape):
    """What an engagement waits for, in one sentence, and who decides."""

    why: str = Field(examples=["No tax code for DE selling to CH."])
    owner: str = Field(examples=["Finance operations"])
    since: datetime


class EngagementStatus(Shape):
    """How an engagement stands."""

    id: str = Field(examples=["opportunity-k6b5cdsjqj"])
    name: str
    customer: str
    status: Literal["in progress", "waiting", "complete", "cancelled"]
    won_at: datetime
    project_opened_at: datetime | None
    waiting_for: list[WaitingFor]


class InvoiceStatus(Shape):
    """One invoice, as the ledger last said; what it has not said is null."""

    id: str = Field(examples=["invoice-k6b5cdsjqj"])
    number: str | None = Field(examples=["INV-1042"])
    state: str | None = Field(examples=["sent"])
    issued_on: date | None
    due_on: date | None
    overdue_days: int = Field(description="How many days past due, while something is owed.")
    total: Money | None
    open: Money | None
    updated_at: datetime


class Invoices(Shape):
    """The invoices of one engagement, newest first."""

    engagement: str
    data: list[InvoiceStatus]


class SlaStatus(Shape):
    """One promise of the firm, whether it was kept; `ended_at` is null while it runs."""

    name: str = Field(examples=["project_open"])
    title: str = Field(examples=["Won to project open"])
    status: Literal["running", "met", "missed"]
    within_seconds: int = Field(examples=[3600])
    started_at: datetime
    due_at: datetime
    ended_at: datetime | None


class Slas(Shape):
    """The promises that hold for one engagement."""

    engagement: str
    data: list[SlaStatus]


@router.get("/engagements/{any_id}")
@needs(Right.READ)
async def get_engagement_status(machine: TheMachine, any_id: str) -> EngagementStatus:
    """How an engagement stands, and what it waits for, under any id of any system."""
    return EngagementStatus.model_validate(await portal.status(machine, await only_one(machine, any_id)))


@router.get("/engagements/{any_id}/invoices")
@needs(Right.READ)
async def list_engagement_invoices(machine: TheMachine, any_id: str) -> Invoices:
    """Its invoices, newest first."""
    id_ = await only_one(machine, any_id)
    data = [InvoiceStatus.model_validate(each) for each in await portal.billed(machine, id_)]
    return Invoices(engagement=id_, data=data)


@router.get("/engagements/{any_id}/sla")
@needs(Right.READ)
async def list_engagement_slas(machine: TheMachine, any_id: str) -> Slas:
    """The promises that are counted around the clock, and whether they were kept."""
    id_ = await only_one(machine, any_id)
    return Slas(engagement=id_, data=[SlaStatus.model_validate(each) for each in await portal.promises(machine, id_)])


@router.get("/invoices/{any_id}")
@needs(Right.READ)
async def get_invoice_status(machine: TheMachine, any_id: str) -> InvoiceStatus:
    """One invoice, by its number or any system's id."""
    return InvoiceStatus.model_validate(await portal.invoice(machine, any_id))
