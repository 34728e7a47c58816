"""Milestone reached: what the work has come to is told to sales, and its billing plan is looked at again."""

from throughline.core.delivery_events import MilestoneReached, MilestoneReopened
from throughline.core.entities import Project
from throughline.core.events import PlanDue
from throughline.core.progress import tell_progress
from throughline.core.workflow import Flow, workflow


def by_project(moved: MilestoneReached | MilestoneReopened) -> str:
    return moved.project


@workflow("milestone-reached", on=(MilestoneReached, MilestoneReopened), lane=by_project)
async def milestone_reached(flow: Flow, moved: MilestoneReached | MilestoneReopened) -> None:
    project = await flow.get(Project, moved.project)
    if project.opportunity:
        await tell_progress(flow, project, project.opportunity)
    if project.contract:
        await flow.emit(PlanDue(contract=project.contract, milestone=moved.milestone))
