"""People in step: who joins, moves or leaves is so in delivery as well, from the day it takes effect."""

from datetime import UTC, datetime, time

from throughline.core.entities import Assignment, AssignmentId, Project, ProjectId, Resource
from throughline.core.errors import Hold
from throughline.core.leavers import left_over, refuse_left_over, valued
from throughline.core.people import addressed, delivers, in_effect, known, last_day, same
from throughline.core.roles import Role
from throughline.core.staffing_events import ResourceJoined, ResourceLeft, ResourceMoved
from throughline.core.workflow import Flow, workflow

type News = ResourceJoined | ResourceMoved | ResourceLeft

WHO = ("name", "email")


def by_person(news: News) -> str:
    return news.resource


@workflow("people-in-step", on=(ResourceJoined, ResourceMoved, ResourceLeft), lane=by_person)
async def people_in_step(flow: Flow, news: News) -> None:
    # Where there is no HR, delivery itself says who works here: there is nobody to keep in step with.
    if not flow.firm.systems_playing(Role.HR):
        return
    async with flow.part("delivery"):
        person = await flow.get(Resource, news.resource)
        # What was told ahead waits for its day. Another day, or none any more, lets this pass again.
        if day := in_effect(person):
            await flow.wait(datetime.combine(day, time(), UTC))

        if person.active and delivers(person, flow.firm):
            there = same(person, await flow.find(Resource, at=Role.PSA, like=addressed(person)))
            await flow.put(person, into=Role.PSA, onto=there, only=WHO)
            # Whoever manages without delivering is nobody in the PSA, and need not be.
            manager = await flow.get(Resource, person.manager) if person.manager else None
            if manager and known(manager, await flow.find(Resource, at=Role.PSA, like=manager)):
                await flow.put(person, into=Role.PSA, only=("manager",))

        if not person.active:
            found = await flow.find(Assignment, at=Role.PSA, like=anything_of(person))
            left = left_over(found, person, last_day(person))
            refuse_left_over(
                person, [valued(each, person, await opened_here(flow, each.project), flow.firm) for each in left]
            )


def anything_of(person: Resource) -> Assignment:
    """An assignment of theirs, to whatever: what is looked for is whose it is."""
    return Assignment(id=AssignmentId(f"assignments-of-{person.id}"), project=ProjectId(""), resource=person.id)


async def opened_here(flow: Flow, project: str) -> Project | None:
    """A project that was not opened here is only an id to us: nobody can say what an hour of it is worth."""
    try:
        return await flow.get(Project, project)
    except Hold:
        return None
