"""How delivery is doing, in one line for whoever sold it: which roles are staffed, and which milestones are reached."""

from collections.abc import Iterable

from throughline.core.billing.drafting import those
from throughline.core.entities import Assignment, Demand, Handoff, HandoffId, OpportunityId, Project, Task, TaskKind
from throughline.core.roles import Role
from throughline.core.workflow import Flow

LONGEST = 255


async def tell_progress(flow: Flow, project: Project, opportunity: OpportunityId) -> None:
    """On the page of the deal; whichever process tells it, the line is the same."""
    async with flow.part("sales"):
        plan = await those(flow, Task, project=project.id)
        needed = await those(flow, Demand, project=project.id)
        crew = await those(flow, Assignment, project=project.id)
        said = f"{staffed(needed, crew)}; {reached(plan)}"[:LONGEST]
        page = Handoff(id=HandoffId(f"handoff-of-{opportunity}"), opportunity=opportunity, progress=said)
        await flow.put(page, into=Role.CRM)


def staffed(needed: Iterable[Demand], crew: Iterable[Assignment]) -> str:
    """By role, as it was sold: whoever else is on the project fills none of them."""
    wanted = sorted({each.role for each in needed})
    missing = [role for role in wanted if role not in {each.role for each in crew}]
    open_ = f", {' and '.join(missing)} missing" if missing else ""
    return f"{len(wanted) - len(missing)} of {len(wanted)} roles staffed{open_}"


def reached(plan: Iterable[Task]) -> str:
    known = sorted((each for each in plan if each.task_kind is TaskKind.MILESTONE), key=lambda each: each.position)
    done = [each.title for each in known if each.completed]
    last = f", last {done[-1]}" if done else ""
    return f"{len(done)} of {len(known)} milestones reached{last}"
