"""Health over HTTP: is this process alive, and can it do its work."""

from fastapi import APIRouter, Response
from pydantic import Field

from throughline.api.asking import TheMachine
from throughline.api.shapes import Shape
from throughline.core.rights import open_to_all
from throughline.hub import health

router = APIRouter(tags=["system"], prefix="/health")


class Live(Shape):
    """The process answers."""

    live: bool = True


class Finding(Shape):
    """One question and its answer."""

    name: str = Field(examples=["database"])
    well: bool
    why: str = Field(examples=["It answers."])
    needed: bool = Field(description="Whether this process is not ready without it.")


class Ready(Shape):
    """Whether work can be done, and if not, why."""

    ready: bool
    findings: list[Finding]


@router.get("/live")
@open_to_all
async def get_live() -> Live:
    """Whether the process answers at all; asks nobody else."""
    return Live()


@router.get("/ready", responses={503: {"model": Ready, "description": "Not ready; the findings say why."}})
@open_to_all
async def get_ready(machine: TheMachine, response: Response) -> Ready:
    """Database, migrations, the firm's folder and workers, one by one."""
    found = await health.ready(machine)
    is_ready = all(each.well for each in found if each.needed)
    if not is_ready:
        response.status_code = 503
        response.headers["Retry-After"] = "5"
    return Ready(ready=is_ready, findings=[Finding.model_validate(each) for each in found])
