"""People over HTTP: who may come in, as what, and limited to which legal entities."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Response, status
from pydantic import Field

from throughline.api.asking import Actor, TheMachine
from throughline.api.shapes import Asked, Shape
from throughline.core.rights import PersonRole, Right, needs
from throughline.hub import people, sessions
from throughline.store.database import Row

router = APIRouter(tags=["system"])

Name = Annotated[str, Path(max_length=100, examples=["anna@example.com"])]
Roles = Annotated[
    tuple[PersonRole, ...], Field(min_length=1, max_length=len(PersonRole), examples=[["operator", "approver"]])
]
Limits = Annotated[
    tuple[str, ...] | None,
    Field(
        min_length=1,
        max_length=200,
        description="Only what belongs to these companies of the firm; null for all of them.",
        examples=[["DE"]],
    ),
]


class Person(Shape):
    """Somebody who may come in."""

    name: str = Field(examples=["anna@example.com"])
    roles: list[PersonRole]
    legal_entities: list[str] | None = Field(description="The companies they are limited to; null for all.")
    keys: int
    sessions: int = Field(description="In how many browsers they are signed in.")
    seen_at: datetime | None
    added_by: str
    added_at: datetime


class People(Shape):
    """Everybody who may come in."""

    data: list[Person]


class NewPerson(Asked):
    """Who, and as what."""

    name: Annotated[str, Field(min_length=1, max_length=100, examples=["anna@example.com"])]
    roles: Roles
    legal_entities: Limits = None


class PersonChange(Asked):
    """What they are from now on."""

    roles: Roles
    legal_entities: Limits = None


class SignedOut(Shape):
    """In how many browsers they were signed in."""

    sessions: int


@router.get("/people")
@needs(Right.PEOPLE)
async def list_people(machine: TheMachine) -> People:
    """Everybody who may come in."""
    return People(data=[_shape(row) for row in await people.listed(machine)])


@router.post("/people", status_code=status.HTTP_201_CREATED)
@needs(Right.PEOPLE)
async def add_person(machine: TheMachine, actor: Actor, asked: NewPerson, response: Response) -> Person:
    """Let somebody in. From the first person on, everybody has to sign in."""
    await people.add(machine, asked.name, roles=asked.roles, legal_entities=_list(asked.legal_entities), by=actor)
    row = await people.one(machine, asked.name)
    response.headers["Location"] = f"/api/v1/people/{row['name']}"
    return _shape(row)


@router.get("/people/{name}")
@needs(Right.PEOPLE)
async def get_person(machine: TheMachine, name: Name) -> Person:
    """One of them."""
    return _shape(await people.one(machine, name))


@router.put("/people/{name}")
@needs(Right.PEOPLE)
async def change_person(machine: TheMachine, actor: Actor, name: Name, asked: PersonChange) -> Person:
    """Other roles, other limits; they hold from their next request on. Nobody changes their own."""
    await people.change(machine, name, roles=asked.roles, legal_entities=_list(asked.legal_entities), by=actor)
    return _shape(await people.one(machine, name))


@router.delete("/people/{name}", status_code=status.HTTP_204_NO_CONTENT)
@needs(Right.PEOPLE)
async def remove_person(machine: TheMachine, actor: Actor, name: Name) -> None:
    """Their keys and sessions end with them; what they decided stays under their name."""
    await people.remove(machine, name, by=actor)


@router.post("/people/{name}/sign-out")
@needs(Right.PEOPLE)
async def sign_out_person(machine: TheMachine, actor: Actor, name: Name) -> SignedOut:
    """End every session of theirs, in every browser."""
    row = await people.one(machine, name)
    return SignedOut(sessions=await sessions.end_all(machine, row["name"], by=actor))


def _list(limits: Sequence[str] | None) -> list[str] | None:
    return None if limits is None else sorted(set(limits))


def _shape(row: Row) -> Person:
    return Person(**{name: row[name] for name in Person.model_fields})
