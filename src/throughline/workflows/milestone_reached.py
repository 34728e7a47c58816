"""Milestone reached: what the work has come to is told to sales, and its billing plan is looked at again."""

from throughline.core.billing.drafting import those
from throughline.core.delivery_events import MilestoneReached, MilestoneReopened
from throughline.core.entities import Handoff, HandoffId, OpportunityId, Project, Task, TaskKind
from throughline.core.events import PlanDue
from throughline.core.roles import Role
from throughline.core.workflow import Flow, workflow

LONGEST = 255


def by_project(moved: MilestoneReached | MilestoneReopened) -> str:
    return moved.project


@workflow("milestone-reached", on=(MilestoneReached, MilestoneReopened), lane=by_project)
async def milestone_reached(flow: Flow, moved: MilestoneReached | MilestoneReopened) -> None:
    project = await flow.get(Project, moved.project)
    if project.opportunity:
        async with flow.part("sales"):
            plan = await those(flow, Task, project=project.id)
            await flow.put(told(project.opportunity, plan), into=Role.CRM)
    if project.contract:
        await flow.emit(PlanDue(contract=project.contract, milestone=moved.milestone))


def told(opportunity: OpportunityId, plan: list[Task]) -> Handoff:
    """How far the work has come, in the words of the opportunity page."""
    known = sorted((each for each in plan if each.task_kind is TaskKind.MILESTONE), key=lambda each: each.position)
    reached = [each.title for each in known if each.completed]
    last = f", last {reached[-1]}" if reached else ""
    progress = f"{len(reached)} of {len(known)} milestones reached{last}"[:LONGEST]
    return Handoff(id=HandoffId(f"handoff-of-{opportunity}"), opportunity=opportunity, progress=progress)
