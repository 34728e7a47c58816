"""Project staffed: whoever sold the work sees which of the roles it needs have somebody, and which are missing."""

from throughline.core.delivery_events import AssignmentChanged
from throughline.core.entities import Project, Task
from throughline.core.progress import tell_progress
from throughline.core.workflow import Flow, workflow


def by_project(moved: AssignmentChanged) -> str:
    return moved.project


@workflow("project-staffed", on=AssignmentChanged, lane=by_project, gathers=True, priority="bulk")
async def project_staffed(flow: Flow, moved: AssignmentChanged) -> None:
    # A project that was not opened here has no plan of ours, and nobody who sold it through us.
    if not await flow.every(Task, project=moved.project):
        return
    project = await flow.get(Project, moved.project)
    if project.opportunity:
        await tell_progress(flow, project, project.opportunity)
