"""Access keys over HTTP: what programs come in with. A key is shown once."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Response, status
from pydantic import Field

from throughline.api.asking import Actor, Caller, TheMachine
from throughline.api.holds import Key
from throughline.api.people import Limits
from throughline.api.shapes import Asked, Shape
from throughline.core import exact
from throughline.core.rights import Right, needs
from throughline.hub import access_keys
from throughline.hub.access_keys import LONGEST, Wanted
from throughline.hub.once import Once

router = APIRouter(tags=["system"])

KeyId = Annotated[str, Path(max_length=100, examples=["key-ufdlmrkwbx"])]


class AccessKey(Shape):
    """A key, without its secret."""

    id: str = Field(examples=["key-ufdlmrkwbx"])
    name: str = Field(examples=["nightly export"])
    person: str | None = Field(description="Whose it is; null for a program's own.")
    rights: list[Right]
    legal_entities: list[str] | None = Field(description="The companies it is limited to; null for all.")
    made_by: str
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None = Field(description="When it was last used, to the minute.")


class AccessKeys(Shape):
    """Every key that was not removed."""

    data: list[AccessKey]


class NewAccessKey(Asked):
    """What the key is for."""

    name: Annotated[str, Field(min_length=1, max_length=80, examples=["nightly export"])]
    rights: Annotated[
        tuple[Right, ...],
        Field(max_length=len(Right), description="Left out for a person's key: all of theirs.", examples=[["read"]]),
    ] = ()
    person: Annotated[str | None, Field(max_length=100, examples=["anna@example.com"])] = None
    legal_entities: Limits = None
    days: Annotated[int, Field(ge=1, le=LONGEST.days, description="After how many days it is over.")] = 90


class KeyOnce(Shape):
    """A key with its secret, which is not shown again: null in an answer that was given before."""

    id: str = Field(examples=["key-ufdlmrkwbx"])
    secret: str | None = Field(description="Send it as Authorization: Bearer.")


@router.get("/access-keys")
@needs(Right.PEOPLE)
async def list_access_keys(machine: TheMachine) -> AccessKeys:
    """Every key that was not removed, newest first."""
    rows = await access_keys.listed(machine)
    return AccessKeys(data=[AccessKey(**{name: row[name] for name in AccessKey.model_fields}) for row in rows])


@router.post("/access-keys", status_code=status.HTTP_201_CREATED)
@needs(Right.PEOPLE)
async def make_access_key(
    machine: TheMachine, caller: Caller, asked: NewAccessKey, key: Key, response: Response
) -> KeyOnce:
    """Make a key that may do at most what you may do yourself. It is shown this once."""
    once = Once(key, exact.digest("make key", asked.model_dump(mode="json")))
    shown = await access_keys.make(machine, Wanted(**dict(asked)), by=caller, once=once)
    if shown.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return KeyOnce(id=shown.id, secret=shown.secret)


@router.delete("/access-keys/{id}", status_code=status.HTTP_204_NO_CONTENT)
@needs(Right.PEOPLE)
async def remove_access_key(machine: TheMachine, actor: Actor, id: KeyId) -> None:  # noqa: A002 - the name in the path
    """Whoever comes with it from now on is nobody."""
    await access_keys.remove(machine, id, by=actor)
