"""What this installation is: its version, the firm's, and how much there is of everything."""

from importlib.metadata import version

from fastapi import APIRouter
from pydantic import Field

from throughline.api.asking import TheMachine
from throughline.api.shapes import Shape, monies
from throughline.core.money import Money
from throughline.core.rights import Right, needs
from throughline.hub import overview
from throughline.store import runs

router = APIRouter(tags=["system"])


class Meta(Shape):
    """The program and what it looks after."""

    version: str = Field(examples=["0.1.0"])
    firm: str = Field(examples=["Halyard Advisory"])
    firm_version: int
    workflows: list[str]
    connectors: list[str]
    engagements: int
    runs: dict[str, int]
    open_holds: int
    at_risk: list[Money]


@router.get("/meta")
@needs(Right.READ)
async def get_meta(machine: TheMachine) -> Meta:
    """The version, the applied firm, and counts."""
    applied = await machine.firms.current()
    count, open_holds, at_risk = await overview.totals(machine)
    return Meta(
        version=version("throughline"),
        firm=applied.firm.name,
        firm_version=applied.version,
        workflows=sorted(each.name for each in machine.workflows),
        connectors=sorted(machine.connectors),
        engagements=count,
        runs=await runs.counted(machine.pool),
        open_holds=open_holds,
        at_risk=monies(at_risk),
    )
