"""Plans over HTTP: what runs would do, shown with amounts before anybody agrees, and sent to nobody."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import Field

from throughline.api.asking import TheMachine
from throughline.api.shapes import Shape
from throughline.core.money import Money
from throughline.core.rights import Right, needs
from throughline.hub import plan

router = APIRouter(tags=["process"])


class PlannedEffect(Shape):
    """One thing that would be done to a system."""

    system: str = Field(examples=["netsuite"])
    kind: str = Field(examples=["contract"])
    entity: str = Field(examples=["contract-of-opportunity-2gdaaf5qhnrz"])
    operation: str = Field(examples=["update"])
    fields: dict[str, Any]
    amount: Money | None
    in_doubt: bool = Field(description="It may have been done before, and would be looked up first.")


class Plan(Shape):
    """What one run would do now, if whoever is asked agreed and what it waits for had come."""

    run: str = Field(examples=["run-2gdaaf5qhnrz"])
    workflow: str = Field(examples=["change-order"])
    subject: str
    effects: list[PlannedEffect]
    events: list[str] = Field(examples=[["ChangeOrderApplied"]])
    assumed: list[str] = Field(description="The answers and the waiting it took for granted.")
    stops: list[str] = Field(description="What would keep it from doing more.")
    defect: str | None
    unwell: list[str] = Field(description="Of what would stop it, what a system that does not answer is the reason of.")


class Plans(Shape):
    """Every run behind an id, the oldest first."""

    data: list[Plan]


@router.get("/plans/{id}")
@needs(Right.PLAN)
async def get_plans(
    machine: TheMachine,
    id: Annotated[str, Path(examples=["run-2gdaaf5qhnrz"])],  # noqa: A002 - the name in the path
) -> Plans:
    """What the runs behind any id, ours or a system's, would do from now on. Nothing is sent and nothing is kept."""
    return Plans(data=[Plan(**asdict(each)) for each in await plan.foreseen(machine, id)])
